//! Counting instructions by the time-stamp counter.

use std::arch::x86_64::_rdtsc;
use std::hint::black_box;

/// How often a thing is done in one go.
const TIMES: u32 = 100;
/// How many goes there are; the best counts, in which nothing interrupted.
const GOES: u32 = 20;

/// A line of the table.
pub struct Figure<'a> {
    name: &'a str,
    budget: Option<u32>,
}

impl<'a> Figure<'a> {
    /// A figure that must not be larger than `budget`.
    pub fn limited(name: &'a str, budget: u32) -> Figure<'a> {
        let budget = Some(budget);
        Figure { name, budget }
    }

    /// A figure without a limit.
    pub fn shown(name: &'a str) -> Figure<'a> {
        Figure { name, budget: None }
    }

    /// Prints it.
    pub fn is(self, value: f64) {
        let budget = self.budget.map_or("-".into(), |budget| budget.to_string());
        println!("{} {value:.2} instructions {budget}", self.name);
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
