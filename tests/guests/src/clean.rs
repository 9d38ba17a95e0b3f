//! What gates and the core clear: flags, registers, and floating-point modes.

mod floating;
mod registers;

use std::arch::asm;

use domains::Cell;
use domains::core_call::test_hook::{OPEN_TRAPS, SETTINGS};
use domains::cpu_page::offset;
use domains::entries::SLOTS;
use domains::layout::CPU_PAGE;
use gate::hooks::{CORE_HOOK, LOAD, OVERFLOW, SET_DIRECTION, STORE_WORD, TOKENS};
use gate::safe;
use hermit_abi::{PROT_READ, PROT_WRITE};

use crate::mapping::Mapping;
use crate::{hooks, vectors};

/// Where the application finds the address of its gate.
const GATE: u64 = CPU_PAGE + offset::APP_TO_SAFE as u64;
/// The entry of the safe kernel that copies within the application.
const COPY: u64 = 70;
/// The one that leads to the hooks.
const HOOK: u64 = 120;
/// A slot without an entry, and what it answers.
const UNUSED: u64 = SLOTS as u64 - 1;
const NO_ENTRY: i64 = -38;

/// The direction flag, and the one that opens user pages to the core.
const DIRECTION: u64 = 1 << 10;
const ALIGNMENT: u64 = 1 << 18;
/// What SYSCALL must clear: stepping, interrupts and these two.
const CLEARED: u64 = 1 << 8 | 1 << 9 | DIRECTION | ALIGNMENT;
/// Where [`SETTINGS`] has what SYSCALL clears.
const MASK: usize = 6;

/// Runs the test called `what`.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "direction" => direction(),
        "direction-back" => direction_back(),
        "numbers" => numbers(),
        "forged-number" => forged_number(),
        "tokens" => tokens(),
        "two-tokens" => two_tokens(),
        "pending" => pending(),
        "alignment" => alignment(),
        "core-call-flags" => core_call_flags(),
        "registers" => registers::after_a_call(),
        "driver-registers" => registers::in_a_driver(),
        "thread-registers" => registers::of_a_thread(),
        "upcall-vectors" => vectors::at_upcalls(),
        "floating" => floating::after_a_driver(),
        "floating-threads" => floating::between_threads(),
        other => Err(format!("no such test: {other}")),
    }
}

/// Has the safe kernel copy while the direction flag is set.
fn direction() -> Result<(), String> {
    const SIZE: usize = 256;
    let source = [0x5a_u8; SIZE];
    let mut target = [0_u8; 3 * SIZE];
    let answer: i64;
    // SAFETY: the kernel writes to the midst of the target.
    unsafe {
        asm!(
            "std",
            "call qword ptr ds:[{gate}]",
            "cld",
            gate = const GATE,
            in("r11") COPY,
            in("rdi") target.as_mut_ptr().add(SIZE),
            in("rsi") source.as_ptr(),
            in("r8") SIZE,
            lateout("rax") answer,
            clobber_abi("C"),
        );
    }
    let mut expected = [0; 3 * SIZE];
    expected[SIZE..2 * SIZE].copy_from_slice(&source);
    match answer >= 0 && target == expected {
        true => Ok(()),
        false => Err(format!("the copy went elsewhere: {answer}")),
    }
}

/// Has a driver return with the direction flag set.
fn direction_back() -> Result<(), String> {
    let (answer, flags): (i64, u64);
    // SAFETY: the hook sets a flag, which is cleared again.
    unsafe {
        asm!(
            "call qword ptr ds:[{gate}]",
            "pushfq",
            "pop rcx",
            "cld",
            gate = const GATE,
            in("r11") HOOK,
            in("rdi") u64::from(SET_DIRECTION | hooks::CONSOLE),
            in("rsi") 0,
            in("r8") 0,
            lateout("rax") answer,
            lateout("rcx") flags,
            clobber_abi("C"),
        );
    }
    match answer == 0 && flags & DIRECTION == 0 {
        true => Ok(()),
        false => Err(format!("{answer}, with the flags {flags:#x}")),
    }
}

/// Calls entries that no table has: only the low bits of a number count.
fn numbers() -> Result<(), String> {
    for beyond in [SLOTS as u64, 1 << 30, 1 << 32, u64::MAX << 40] {
        let answer = registers::call(beyond | UNUSED);
        if answer != NO_ENTRY {
            return Err(format!("entry {:#x} answered {answer}", beyond | UNUSED));
        }
    }
    Ok(())
}

/// Overflows the safe kernel's stack by an entry whose number has more bits than
/// numbers have.
fn forged_number() -> Result<(), String> {
    let number = 1 << 32 | SLOTS as u64 | HOOK;
    let answer = registers::call_with(number, [u64::from(OVERFLOW), 0, 0]);
    Err(format!("the kernel's stack has no end: {answer}"))
}

/// Looks which tokens there are in each domain: the application's while it runs
/// and no other, a cell's while it runs and no other's, none in the safe kernel.
fn tokens() -> Result<(), String> {
    let word = |offset: usize| {
        let word = std::ptr::with_exposed_provenance::<u64>(CPU_PAGE as usize + offset);
        // SAFETY: every domain reads the CPU page.
        unsafe { word.read_volatile() }
    };
    let inside = hooks::KERNELS.map(|kernel| hooks::hook(TOKENS | kernel, 0, 0));
    // None in the safe kernel; behind the application's bit, that of each cell.
    let expected = std::array::from_fn(|kernel| if kernel == 0 { 0 } else { 1 << kernel });
    let armed = Cell::ALL.map(|cell| word(offset::armed(cell)) != 0);
    let here = (word(offset::ENTRY_STACK) != 0, armed);
    match inside == expected && here == (true, [false; Cell::ALL.len()]) {
        true => Ok(()),
        false => Err(format!("in the kernels {inside:?}, here {here:?}")),
    }
}

/// Has the safe kernel arm a cell that does not run, while another runs, and
/// faults.
fn two_tokens() -> Result<(), String> {
    const NOWHERE: usize = 8;
    let token = CPU_PAGE as usize + offset::armed(Cell::Hostfs);
    hooks::hook(STORE_WORD, token, 1);
    let answer = hooks::hook(LOAD | hooks::CONSOLE, NOWHERE, 0);
    Err(format!("the call came back: {answer}"))
}

/// Makes calls while a timer fires that mostly finds the kernel, and looks how
/// often the application goes on with the timer's event unserved. One that came
/// just before the kernel was left may be. Time is counted, so slices of one
/// length can keep step with the calls: there are many lengths.
fn pending() -> Result<(), String> {
    const CALLS: u32 = 3_000;
    let mut left = 0;
    for length in 20_000..20_064 {
        hooks::set_time_slice(length);
        // A second thread, so that there is somebody to give way to.
        let other = std::thread::spawn(|| calls_left_pending(CALLS));
        left += calls_left_pending(CALLS) + other.join().map_err(|_| "it panicked")?;
    }
    let slices = hooks::preemptions();
    println!("{left} calls of {slices} slices left an event");
    match slices >= 100 && i64::from(left) <= slices / 10 {
        true => Ok(()),
        false => Err("too few slices, or too many left an event".into()),
    }
}

/// Makes null calls; how many came back while an event was pending.
fn calls_left_pending(calls: u32) -> u32 {
    let word = std::ptr::with_exposed_provenance::<u64>(CPU_PAGE as usize + offset::PENDING);
    let left = (0..calls).filter(|_| {
        // SAFETY: the call touches no memory.
        unsafe { safe::null() };
        // SAFETY: every domain reads the page.
        unsafe { word.read_volatile() != 0 }
    });
    left.count() as u32
}

/// Faults and calls with the flag set that opens user pages to the core.
fn alignment() -> Result<(), String> {
    let promised =
        Mapping::new(4096, PROT_READ | PROT_WRITE).map_err(|error| format!("mmap: {error}"))?;
    let before = hooks::hook(CORE_HOOK, OPEN_TRAPS as usize, 0);
    // SAFETY: the page is ours, and the flag is cleared again.
    unsafe {
        asm!(
            "pushfq",
            "or dword ptr [rsp], {flag}",
            "popfq",
            "mov byte ptr [{page}], 1",
            "pushfq",
            "and dword ptr [rsp], {rest}",
            "popfq",
            flag = const ALIGNMENT,
            rest = const !ALIGNMENT as i32,
            page = in(reg) promised.start,
        );
    }
    let after = hooks::hook(CORE_HOOK, OPEN_TRAPS as usize, 0);
    let (came, open) = (after >> 32, after & 0xffff_ffff);
    match came > before >> 32 && open == 0 {
        true => Ok(()),
        false => Err(format!("{came} traps came with the flag, {open} kept it")),
    }
}

/// Looks which flags a core call clears.
fn core_call_flags() -> Result<(), String> {
    let mask = hooks::hook(CORE_HOOK, SETTINGS as usize, MASK) as u64;
    match mask & CLEARED == CLEARED {
        true => Ok(()),
        false => Err(format!("it clears {mask:#x} only")),
    }
}
