//! Registers that carry nothing.

use std::arch::{asm, naked_asm};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gate::hooks::FILL_REGISTERS;
use gate::safe;

use super::{GATE, NO_ENTRY, UNUSED};
use crate::hooks;

/// What the registers hold before a call.
const MAGIC: u64 = 0x5ec2_e75e_c2e7_5ec2;

/// Calls entry `number` with three arguments, for hooks.
pub fn call_with(number: u64, [first, second, third]: [u64; 3]) -> i64 {
    let answer;
    // SAFETY: the tests want what the hook does.
    unsafe {
        asm!(
            "call qword ptr ds:[{gate}]",
            gate = const GATE,
            in("r11") number,
            in("rdi") first,
            in("rsi") second,
            in("r10") third,
            lateout("rax") answer,
            clobber_abi("C"),
        );
    }
    answer
}

/// Calls entry `number` with nothing but a number.
pub fn call(number: u64) -> i64 {
    call_with(number, [0; 3])
}

/// Fills all registers, calls, and looks at each.
pub fn after_a_call() -> Result<(), String> {
    let mut found = [MAGIC; 8];
    let answer: i64;
    // SAFETY: the slot has no entry; R12 leads to eight words.
    unsafe {
        asm!(
            "call qword ptr ds:[{gate}]",
            "mov [r12], rcx",
            "mov [r12 + 8], rdx",
            "mov [r12 + 16], rdi",
            "mov [r12 + 24], rsi",
            "mov [r12 + 32], r8",
            "mov [r12 + 40], r9",
            "mov [r12 + 48], r10",
            "mov [r12 + 56], r11",
            gate = const GATE,
            in("r12") found.as_mut_ptr(),
            in("r11") UNUSED,
            in("rdi") MAGIC,
            in("rsi") MAGIC,
            in("r8") MAGIC,
            in("r9") MAGIC,
            in("r10") MAGIC,
            lateout("rax") answer,
            clobber_abi("C"),
        );
    }
    match (answer, found) {
        (NO_ENTRY, found) if found == [0; 8] => Ok(()),
        _ => Err(format!("{answer}, and the registers are {found:x?}")),
    }
}

/// Has the safe kernel fill all registers and call a cell.
pub fn in_a_driver() -> Result<(), String> {
    match hooks::hook(FILL_REGISTERS, 0, 0) {
        0 => Ok(()),
        found => Err(format!("a driver found {found:#x}")),
    }
}

/// How many registers a new thread looks at.
const COUNT: usize = 13;

static FOUND: [AtomicU64; COUNT] = [const { AtomicU64::new(MAGIC) }; COUNT];
static IS_DONE: AtomicBool = AtomicBool::new(false);

/// Starts a thread that looks at its registers before it does anything else.
pub fn of_a_thread() -> Result<(), String> {
    const PRIORITY: u8 = 2;
    let record = (&raw const FOUND).expose_provenance();
    let start = thread as *const () as usize;
    // SAFETY: the thread uses no thread-local storage, and ends.
    let answer = unsafe { safe::spawn(start, record, PRIORITY, 65536, -1) };
    if answer < 0 {
        return Err(format!("spawn: {answer}"));
    }
    while !IS_DONE.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    let found = FOUND.each_ref().map(|word| word.load(Ordering::Relaxed));
    match found == [0; COUNT] {
        true => Ok(()),
        false => Err(format!("a thread started with {found:x?}")),
    }
}

/// The first instruction of that thread.
///
/// In: RDI the record. R11 is this address.
#[unsafe(naked)]
extern "C" fn thread() -> ! {
    naked_asm!(
        "mov [rdi], rax",
        "mov [rdi + 8], rbx",
        "mov [rdi + 16], rcx",
        "mov [rdi + 24], rdx",
        "mov [rdi + 32], rbp",
        "mov [rdi + 40], rsi",
        "mov [rdi + 48], r8",
        "mov [rdi + 56], r9",
        "mov [rdi + 64], r10",
        "mov [rdi + 72], r12",
        "mov [rdi + 80], r13",
        "mov [rdi + 88], r14",
        "mov [rdi + 96], r15",
        "and rsp, -16",
        "call {finish}",
        "ud2",
        finish = sym finish,
    )
}

extern "C" fn finish() {
    IS_DONE.store(true, Ordering::Release);
    // SAFETY: the thread has nothing that anybody waits for.
    unsafe { safe::exit_thread() };
}
