//! Calls that the application makes, alone and in turns.

use std::arch::asm;
use std::thread;

use domains::core_call::CoreCall;
use gate::{clock, safe};

/// How often each thing is done: enough that the loop around it disappears.
pub const TIMES: u64 = 1000;

unsafe extern "C" {
    safe fn sys_yield();
}

/// A call of a function that does nothing, within one domain.
pub fn plain() -> u64 {
    without_measuring(nothing)
}

/// The null entry of the safe kernel, from the caller's CALL to its return.
pub fn null() -> u64 {
    without_measuring(null_entry)
}

/// A null core call by SYSCALL: the control.
pub fn core_call() -> u64 {
    without_measuring(core_entry)
}

/// `yield` with nobody else to run.
pub fn yield_alone() -> u64 {
    without_measuring(yield_entry)
}

/// Instructions of one switch between two threads that yield to each other.
pub fn switch() -> u64 {
    let other = thread::spawn(|| (0..2 * TIMES).for_each(|_| sys_yield()));
    sys_yield();
    let start = clock::ticks();
    (0..TIMES).for_each(|_| sys_yield());
    let ticks = clock::ticks() - start;
    other.join().expect("it only yields");
    // Each of our turns is two switches: there and back.
    ticks / (2 * TIMES)
}

/// The least that a call of `function` takes, from its CALL to the instruction
/// behind it.
fn without_measuring(function: extern "C" fn()) -> u64 {
    let measuring = (0..TIMES).map(|_| ticks_of_nothing()).min();
    least(function) - measuring.unwrap_or(0)
}

/// The same, with what the measurement itself takes.
fn least(function: extern "C" fn()) -> u64 {
    (0..TIMES)
        .map(|_| ticks_of_call(function))
        .min()
        .unwrap_or(0)
}

#[inline(never)]
fn ticks_of_call(function: extern "C" fn()) -> u64 {
    let (low, high): (u64, u64);
    let (end_low, end_high): (u64, u64);
    // SAFETY: the function keeps what the C ABI keeps; RDTSC touches no memory.
    unsafe {
        asm!(
            "rdtsc",
            "mov r12, rax",
            "mov r13, rdx",
            "call r14",
            "rdtsc",
            in("r14") function,
            out("r12") low,
            out("r13") high,
            lateout("rax") end_low,
            lateout("rdx") end_high,
            clobber_abi("C"),
        );
    }
    (end_low | end_high << 32) - (low | high << 32)
}

/// The same without a call.
#[inline(never)]
fn ticks_of_nothing() -> u64 {
    let (low, high): (u64, u64);
    let (end_low, end_high): (u64, u64);
    // SAFETY: RDTSC touches no memory.
    unsafe {
        asm!(
            "rdtsc",
            "mov r12, rax",
            "mov r13, rdx",
            "rdtsc",
            out("r12") low,
            out("r13") high,
            lateout("rax") end_low,
            lateout("rdx") end_high,
        );
    }
    (end_low | end_high << 32) - (low | high << 32)
}

/// Returns at once.
#[unsafe(naked)]
extern "C" fn nothing() {
    std::arch::naked_asm!("ret")
}

extern "C" fn null_entry() {
    // SAFETY: the entry takes no address.
    unsafe { safe::null() };
}

extern "C" fn yield_entry() {
    sys_yield();
}

extern "C" fn core_entry() {
    // SAFETY: the core keeps all registers but those that SYSCALL claims and
    // the result; this call does nothing and is everybody's.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") CoreCall::Null as u64 => _,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, nomem),
        );
    }
}
