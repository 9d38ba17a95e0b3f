//! Makes a guest's code go wrong, inside QEMU.
//!
//! A plugin: `-plugin file=libinjector.so,plan=FILE`.
//!
//! | module | holds |
//! |---|---|
//! | [`plan`], [`kind`] | what is to go wrong, and where |
//! | [`course`] | how it does |
//! | [`guest`] | the guest's registers and memory |
//! | [`results`] | what was seen |
//!
//! Before an instruction that the plan counts, one thing goes wrong, once. What follows
//! is the guest's: it has no part in this, and nothing in it knows. Each domain's
//! instructions are counted, and its writes looked at: those that its rights do not allow
//! are noted, if they were not stopped.
//!
//! QEMU has to translate an instruction at a time, so that each is a block of its own at
//! whose start the registers are whole; and there is one virtual CPU.

#![expect(unsafe_code, reason = "the interface to QEMU is one of C")]

mod course;
mod guest;
mod kind;
mod plan;
mod random;
mod results;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{fs, ptr};

use qemu_plugin::interface::{self as qemu, Block, CALLBACK_TOUCHES_NO_REGISTERS, Id, WRITES};
use qemu_plugin::version::Info;

use course::{Course, Machine, Next, Step};
use guest::Guest;
use plan::{DOMAINS_MAX, Plan};
use results::Strays;

qemu_plugin::begin!();

/// What is to be done.
static PLAN: OnceLock<Plan> = OnceLock::new();
static GUEST: OnceLock<Guest> = OnceLock::new();
static COURSE: Mutex<Option<Course>> = Mutex::new(None);
static STRAYS: Mutex<Strays> = Mutex::new(Strays::new());

/// What was executed: by each domain, and in all.
static COUNTS: [AtomicU64; DOMAINS_MAX] = [const { AtomicU64::new(0) }; DOMAINS_MAX];
static TOTAL: AtomicU64 = AtomicU64::new(0);
/// The domain that goes wrong, and from which of its instructions on there is something
/// to be done; none without a fault, or when it is over.
static TARGET: AtomicUsize = AtomicUsize::new(usize::MAX);
static FROM: AtomicU64 = AtomicU64::new(u64::MAX);
static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);
/// Whether writes are looked at.
static LOOKS: AtomicBool = AtomicBool::new(true);

/// After so many instructions the results are written, for the case that QEMU is ended
/// from outside: a power of two.
const OFTEN: u64 = 1 << 20;

/// Where an instruction's length and domain stand behind its address, in one word.
const SIZE_SHIFT: u32 = 48;
const DOMAIN_SHIFT: u32 = 52;
/// The domain of an instruction of none.
const NOBODY: usize = DOMAINS_MAX;

/// QEMU's first call: reads the plan, and asks to be told of blocks.
///
/// # Safety
///
/// Only QEMU calls it, once, with what it tells of itself at `info` and `count`
/// strings at `arguments`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    info: *const Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    // SAFETY: QEMU gave it, for the time of this call.
    let info = unsafe { &*info };
    info.note();
    let arguments = (0..usize::try_from(count).unwrap_or(0)).map(|index| {
        // SAFETY: QEMU gave so many pointers to strings.
        unsafe { CStr::from_ptr(*arguments.add(index)) }.to_string_lossy()
    });
    let begun = match info.has_many_cpus() {
        true => Err("there is more than one virtual CPU".to_owned()),
        false => begin(arguments.map(|argument| argument.into_owned())),
    };
    if let Err(why) = begun {
        eprintln!("injector: {why}");
        return 1;
    }
    // SAFETY: the functions have the types that QEMU expects, and stay.
    unsafe {
        qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
        qemu::qemu_plugin_register_atexit_cb(id, ended, ptr::null_mut());
    }
    0
}

fn begin(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let plans: Vec<String> = arguments
        .filter_map(|argument| argument.strip_prefix("plan=").map(str::to_owned))
        .collect();
    let [path] = &plans[..] else {
        return Err("say what is planned: -plugin file=…,plan=FILE".to_owned());
    };
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let plan = Plan::read(&text)?;
    let guest = Guest::find().map_err(|name| format!("this QEMU does not export {name:?}"))?;
    if let Some(fault) = plan.fault {
        TARGET.store(fault.domain, Relaxed);
        FROM.store(fault.at, Relaxed);
        // What it writes before is its own affair.
        LOOKS.store(false, Relaxed);
    }
    LIMIT.store(plan.limit.unwrap_or(u64::MAX), Relaxed);
    *COURSE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Course::new(plan.clone()));
    let is_first = GUEST.set(guest).is_ok() && PLAN.set(plan).is_ok();
    is_first
        .then_some(())
        .ok_or("it is loaded already".to_owned())
}

/// Has each instruction report itself when it runs, and its writes.
extern "C" fn translated(_id: Id, block: *mut Block) {
    let Some(plan) = PLAN.get() else {
        return;
    };
    // SAFETY: QEMU gave a block, for the time of this call; each has an instruction.
    let (instruction, address, size) = unsafe {
        let instruction = qemu::qemu_plugin_tb_get_insn(block, 0);
        let address = qemu::qemu_plugin_insn_vaddr(instruction);
        (
            instruction,
            address,
            qemu::qemu_plugin_insn_size(instruction),
        )
    };
    let mut domains = plan.domains.iter();
    let domain = domains.position(|domain| domain.text.contains(&address));
    let word = match domain {
        Some(domain) => packed(address, size, domain),
        None => packed(0, 0, NOBODY),
    };
    // SAFETY: as above; the word travels in place of a pointer.
    unsafe {
        qemu::qemu_plugin_register_vcpu_tb_exec_cb(
            block,
            executes,
            CALLBACK_TOUCHES_NO_REGISTERS,
            ptr::without_provenance_mut(word),
        );
        if domain.is_some() {
            qemu::qemu_plugin_register_vcpu_mem_cb(
                instruction,
                wrote,
                CALLBACK_TOUCHES_NO_REGISTERS,
                WRITES,
                ptr::without_provenance_mut(word),
            );
        }
    }
}

const fn packed(address: u64, size: usize, domain: usize) -> usize {
    address as usize & ((1 << SIZE_SHIFT) - 1)
        | (size & 15) << SIZE_SHIFT
        | domain << DOMAIN_SHIFT
}

const fn unpacked(word: usize) -> (u64, u64, usize) {
    let address = word & ((1 << SIZE_SHIFT) - 1);
    let size = word >> SIZE_SHIFT & 15;
    (address as u64, size as u64, word >> DOMAIN_SHIFT)
}

extern "C" fn executes(_cpu: c_uint, word: *mut c_void) {
    let total = TOTAL.fetch_add(1, Relaxed);
    if total.is_multiple_of(OFTEN) && total > 0 {
        write_results();
    }
    if total == LIMIT.load(Relaxed)
        && let Some(guest) = GUEST.get()
    {
        guest.shut_down();
    }
    let (at, size, domain) = unpacked(word.addr());
    let Some(counter) = COUNTS.get(domain) else {
        return;
    };
    let count = counter.fetch_add(1, Relaxed);
    if domain != TARGET.load(Relaxed) || count < FROM.load(Relaxed) {
        return;
    }
    let step = Step {
        at,
        size,
        count,
        total,
    };
    if go(step) == Next::Elsewhere
        && let Some(guest) = GUEST.get()
    {
        // The instruction was not executed.
        counter.fetch_sub(1, Relaxed);
        guest.leave();
    }
}

/// Goes on with the fault.
fn go(step: Step) -> Next {
    let mut held = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some(course), Some(guest)) = (held.as_mut(), GUEST.get()) else {
        return Next::On;
    };
    let was_done = course.done.is_some();
    let next = course.step(guest, step);
    let is_new = course.done.is_some() && !was_done;
    if course.is_over() {
        FROM.store(u64::MAX, Relaxed);
    }
    drop(held);
    if is_new {
        LOOKS.store(true, Relaxed);
        // Whoever ends QEMU from outside may do so soon, and a guest that hangs may execute
        // little before.
        write_results();
    }
    next
}

/// A domain has written there.
extern "C" fn wrote(_cpu: c_uint, _info: u32, address: u64, word: *mut c_void) {
    if !LOOKS.load(Relaxed) {
        return;
    }
    let (at, _, domain) = unpacked(word.addr());
    let Some(plan) = PLAN.get() else {
        return;
    };
    let is_looked_at = plan.fault.is_none_or(|fault| fault.domain == domain);
    let may = plan
        .domains
        .get(domain)
        .is_none_or(|it| it.may_write(address));
    if is_looked_at && !may {
        let mut strays = STRAYS.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = strays.note(domain, at, address);
        drop(strays);
        if is_told {
            write_results();
        }
    }
}

extern "C" fn ended(_id: Id, _data: *mut c_void) {
    write_results();
}

fn write_results() {
    let Some(plan) = PLAN.get() else {
        return;
    };
    let course = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    let strays = STRAYS.lock().unwrap_or_else(PoisonError::into_inner);
    let counts: Vec<u64> = COUNTS.iter().map(|count| count.load(Relaxed)).collect();
    let done = course.as_ref().and_then(|course| course.done.as_ref());
    let text = results::as_json(&plan.domains, &counts, TOTAL.load(Relaxed), done, &strays);
    // A reader finds the old results or the new, and never half of them.
    let new = plan.out.with_extension("new");
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &plan.out));
    if let Err(error) = written {
        eprintln!("injector: {}: {error}", plan.out.display());
    }
}

impl Machine for Guest {
    fn register(&self, number: u32) -> u64 {
        Guest::register(*self, number)
    }

    fn set_register(&self, number: u32, value: u64) {
        Guest::set_register(*self, number, value);
    }

    fn read(&self, address: u64, bytes: &mut [u8]) -> bool {
        Guest::read(*self, address, bytes)
    }

    fn write(&self, address: u64, bytes: &[u8]) -> bool {
        Guest::write(*self, address, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_fits_into_a_word() {
        let address = 0x3fff_ffff_ffff;
        assert_eq!(unpacked(packed(address, 15, 14)), (address, 15, 14));
        assert_eq!(unpacked(packed(0, 0, NOBODY)), (0, 0, NOBODY));
    }
}
