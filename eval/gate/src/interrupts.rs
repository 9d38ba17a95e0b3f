//! The timer's interrupt, from the application's last instruction on.
//!
//! One thread looks at the counter again and again and notes what it saw;
//! another sleeps, and the timer interrupts the first when it is due. What was
//! noted last is when the interrupt came, give or take the few instructions of
//! a round.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use gate::{clock, hooks, safe};

/// How many interrupts are looked at.
const INTERRUPTS: usize = 20;
const SLEEP: Duration = Duration::from_millis(1);

/// From the application's last instruction before an interrupt to the safe
/// kernel's first in the upcall.
pub fn to_upcall() -> u64 {
    let last_seen = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                last_seen.store(clock::ticks(), Relaxed);
            }
        });
        // Where the first thread ran again before this one, it has noted a later
        // time, and nothing is known.
        let sample = |_| {
            thread::sleep(SLEEP);
            let upcall = upcall_was_at();
            upcall.checked_sub(last_seen.load(Relaxed))
        };
        let least = (0..INTERRUPTS).filter_map(sample).min();
        is_over.store(true, Relaxed);
        least.expect("an interrupt finds the first thread running")
    })
}

/// What is missing for the interrupted thread: the upcall, a sleeper that wakes
/// and sleeps again, and the way back.
pub fn whole() -> u64 {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..INTERRUPTS).for_each(|_| thread::sleep(SLEEP));
            is_over.store(true, Relaxed);
        });
        let mut gaps = Vec::with_capacity(INTERRUPTS);
        let mut last = clock::ticks();
        while !is_over.load(Relaxed) {
            let now = clock::ticks();
            if now - last > 100 {
                gaps.push(now - last);
            }
            last = now;
        }
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2).copied();
        median.expect("a sleeper that wakes interrupts")
    })
}

fn upcall_was_at() -> u64 {
    // SAFETY: the hook only reads a number.
    let at = unsafe { safe::hook(hooks::PREEMPTED_AT, 0, 0) };
    u64::try_from(at).expect("the kernel has this hook")
}
