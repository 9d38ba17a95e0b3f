//! Ways to panic, for the backtraces that the host tool prints of them.

use std::arch::asm;
use std::hint::black_box;
use std::io::Write;
use std::{process, thread};

use domains::report::TRACES_MAX;
use gate::safe;

/// Panics as `way` says.
pub fn run(way: &[&str]) -> Result<(), String> {
    match way {
        ["nested"] => nested(3),
        ["thread"] => _ = thread::spawn(|| nested(1)).join(),
        ["output"] => with_output(),
        ["corrupt", frame] => corrupt(frame)?,
        ["flood"] => return flood(),
        other => return Err(format!("no such panic: {other:?}")),
    }
    Err("nobody panicked".into())
}

#[inline(never)]
fn nested(depth: u32) {
    if black_box(depth) == 0 {
        panic!("at the bottom");
    }
    nested(depth - 1);
    black_box(depth);
}

/// Prints far more than any buffer holds, and dies behind it.
fn with_output() {
    for line in 0..5000 {
        println!("line {line} before the end");
    }
    print!("and a line without an end");
    std::io::stdout().flush().expect("standard output");
    panic!("after all of it");
}

/// Puts a wild value where the calling function's frame names its caller's.
#[inline(never)]
fn corrupt(frame: &str) -> Result<(), String> {
    let value: u64 = frame.parse().map_err(|_| "no number")?;
    // SAFETY: the function never returns, so nobody follows the word but the
    // backtrace.
    unsafe { asm!("mov [rbp], {}", in(reg) value) };
    process::abort()
}

/// Sends the host more lines of a backtrace than it is to hear, and some that
/// are none; then goes on.
fn flood() -> Result<(), String> {
    // SAFETY: the call takes no address that is followed.
    let send = |kind, value| unsafe { safe::trace(kind, value) };
    let sent = (0..100_000).filter(|value| send(1, *value) == 0).count();
    if sent != TRACES_MAX as usize {
        return Err(format!("{sent} lines were taken"));
    }
    let odd = (2..100).chain([u32::MAX]).all(|kind| send(kind, 0) < 0);
    odd.then_some(()).ok_or("an odd kind was taken".into())
}
