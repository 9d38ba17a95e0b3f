//! Counting instructions by the time-stamp counter.

use std::arch::x86_64::_rdtsc;
use std::fmt::Write;
use std::hint::black_box;

/// How often a thing is done in one go.
const TIMES: u32 = 100;
/// How many goes there are; the best counts, in which nothing interrupted.
const GOES: u32 = 20;

/// Figures that are printed when all are there: output ends in interrupts.
#[derive(Default)]
pub struct Table {
    lines: String,
}

impl Table {
    /// A figure that must not be larger than `budget`.
    pub fn limited(&mut self, name: &str, value: f64, budget: u32) {
        let line = writeln!(self.lines, "{name} {value:.2} instructions {budget}");
        line.expect("a string takes everything");
    }

    /// A figure without a limit.
    pub fn shown(&mut self, name: &str, value: f64) {
        let line = writeln!(self.lines, "{name} {value:.2} instructions -");
        line.expect("a string takes everything");
    }

    /// Prints all of them.
    pub fn print(self) {
        print!("{}", self.lines);
    }
}

/// The counter.
pub fn now() -> u64 {
    // SAFETY: it touches no memory, and every x86-64 CPU has it.
    unsafe { _rdtsc() }
}

/// Instructions of one call of `work`, without the loop around it and one look
/// at something that the compiler must not know.
pub fn each(work: impl FnMut()) -> f64 {
    best(work) - best(|| _ = black_box(0_u64))
}

fn best(mut work: impl FnMut()) -> f64 {
    let go = |_| {
        let start = now();
        (0..TIMES).for_each(|_| work());
        now() - start
    };
    let least = (0..GOES).map(go).min().unwrap_or(0);
    least as f64 / f64::from(TIMES)
}
