//! How often a computation is interrupted, and for how long.
//!
//! After the selfish-detour test of the netgauge suite: a loop does the same
//! work again and again and looks at the time-stamp counter. A round that takes
//! longer than the shortest was interrupted: that is a detour. Run it by `cargo
//! cloister bench noise`, where the counter advances by one an instruction, so
//! that every detour is seen, down to one instruction.
//!
//! `noise-bench SCENARIO` prints `rounds COUNT LEAST TOTAL`, and `detour AT
//! LENGTH` for each; AT counts from the first round.

use std::arch::x86_64::_rdtsc;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// Rounds beside another thread, and alone, where little happens.
const ROUNDS: usize = 200_000;
const ROUNDS_ALONE: usize = 10 * ROUNDS;
/// Steps of a round's work.
const STEPS: u32 = 1000;
/// How long a sleeper sleeps.
const SLEEP: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    let beside: fn(&AtomicBool) = match scenario.as_str() {
        "alone" => return report(&rounds(ROUNDS_ALONE)),
        "sleeper" => sleep,
        "competitor" => compete,
        _ => {
            eprintln!("noise-bench alone, sleeper or competitor");
            return ExitCode::from(2);
        }
    };
    let is_over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        scope.spawn(|| beside(&is_over));
        let seen = rounds(ROUNDS);
        is_over.store(true, Relaxed);
        seen
    });
    report(&seen)
}

/// Wakes now and then, and does nothing.
fn sleep(is_over: &AtomicBool) {
    while !is_over.load(Relaxed) {
        thread::sleep(SLEEP);
    }
}

/// Computes without end, and takes turns with the loop.
fn compete(is_over: &AtomicBool) {
    while !is_over.load(Relaxed) {
        work();
    }
}

/// The counter before the first round and behind each.
fn rounds(count: usize) -> Vec<u64> {
    let mut seen = vec![0; count + 1];
    // The first two pay for what is touched and read for the first time.
    work();
    work();
    for at in &mut seen {
        work();
        *at = now();
    }
    seen
}

/// A chain of steps none of which can begin before the one before it.
#[inline(never)]
fn work() {
    let step = |x: u64, _| x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    black_box((0..STEPS).fold(black_box(1_u64), step));
}

fn now() -> u64 {
    // SAFETY: it touches no memory, and every x86-64 CPU has it.
    unsafe { _rdtsc() }
}

fn report(seen: &[u64]) -> ExitCode {
    let lengths = || seen.windows(2).map(|pair| pair[1] - pair[0]);
    let least = lengths().min().unwrap_or(0);
    let (start, total) = (seen[0], seen[seen.len() - 1] - seen[0]);
    println!("rounds {} {least} {total}", seen.len() - 1);
    for (at, length) in seen.iter().zip(lengths()) {
        if length > least {
            println!("detour {} {}", at - start, length - least);
        }
    }
    ExitCode::SUCCESS
}
