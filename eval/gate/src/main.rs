//! What a gate costs, in instructions.
//!
//! Run it by `cargo cloister bench gate`, which boots it under `-icount
//! shift=0`, where the time-stamp counter advances by one an instruction: the
//! figures are exact and the same in every run. On hardware they would be
//! ticks, and mean something else.
//!
//! Each line is `name value unit budget`. A budget is the peer's figure for a
//! plain function call, or the gate's own from the design.

use std::arch::asm;
use std::thread;

use gate::{clock, hooks, info, safe};

/// How often each thing is done: enough that the loop around it disappears.
const TIMES: u64 = 1000;

unsafe extern "C" {
    safe fn sys_yield();
}

fn main() {
    let at_main = clock::ticks();
    report(
        "boot-to-main",
        at_main - info::boot().boot_tsc,
        "instructions",
        600_000,
    );
    let overhead = one_call(nothing) - 2;
    report(
        "call-app-to-safe",
        one_call(null_entry) - overhead,
        "instructions",
        48,
    );
    report(
        "call-safe-to-unsafe",
        in_kernel(hooks::TIME_UNSAFE_CALLS),
        "instructions",
        56,
    );
    report(
        "core-call",
        in_kernel(hooks::TIME_CORE_CALLS),
        "instructions",
        200,
    );
    report(
        "yield-alone",
        one_call(yield_entry) - overhead,
        "instructions",
        134,
    );
    report("switch", switch(), "instructions", 531);
}

fn report(name: &str, value: u64, unit: &str, budget: u64) {
    println!("{name} {value} {unit} {budget}");
}

/// The least that a call of `function` took, from its CALL to the instruction
/// behind it, and what the measurement itself takes.
fn one_call(function: extern "C" fn()) -> u64 {
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

/// Returns at once: two instructions, CALL and RET, and the measurement.
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

/// Instructions of one call that the safe kernel makes, by a hook of it.
fn in_kernel(kind: u32) -> u64 {
    // SAFETY: these hooks only count.
    let ticks = unsafe { safe::hook(kind, 0, TIMES as usize) };
    ticks.unsigned_abs() / TIMES
}

/// Instructions of one switch between two threads that yield to each other.
fn switch() -> u64 {
    let other = thread::spawn(|| (0..2 * TIMES).for_each(|_| sys_yield()));
    sys_yield();
    let start = clock::ticks();
    (0..TIMES).for_each(|_| sys_yield());
    let ticks = clock::ticks() - start;
    other.join().expect("it only yields");
    // Each of our turns is two switches: there and back.
    ticks / (2 * TIMES)
}
