//! What was counted so far.
//!
//! As JSON: `instructions` of each virtual CPU by its number, and of each
//! [`Mark`] how often it was passed, on all of them together. If the program
//! bounds what counts, these are the counts between the bounds, else those of
//! everything; `bounds` says how often it began and ended. Blocks of instructions are counted when they begin, so a bound
//! can be off by the length of the block that it stands in. `entered` is what
//! all CPUs had executed when the [`entry`](enter) was, if there is one and it was.

use std::fmt::Write;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, OnceLock};

use crate::marks::Mark;

/// More virtual CPUs than any machine here has.
pub const CPUS_MAX: usize = 64;

/// What each CPU executed.
static EXECUTED: [AtomicU64; CPUS_MAX] = [const { AtomicU64::new(0) }; CPUS_MAX];
/// How many of them ever ran.
static CPUS: AtomicU64 = AtomicU64::new(0);
/// How often each mark was passed.
static PASSED: [AtomicU64; Mark::ALL.len()] = [const { AtomicU64::new(0) }; Mark::ALL.len()];
/// The counts at the bounds, if they were passed.
static BEGUN: Mutex<Option<Counts>> = Mutex::new(None);
static ENDED: Mutex<Option<Counts>> = Mutex::new(None);
/// What all CPUs had executed when the entry was executed first.
static ENTERED: OnceLock<u64> = OnceLock::new();

/// All counts at one time.
#[derive(Clone)]
struct Counts {
    executed: Vec<u64>,
    passed: Vec<u64>,
}

/// There is a CPU of this number.
pub fn note_cpu(cpu: u32) {
    CPUS.fetch_max(u64::from(cpu) + 1, Relaxed);
}

/// The CPU executed so many more.
pub fn add_instructions(cpu: u32, count: u64) {
    if let Some(executed) = EXECUTED.get(cpu as usize) {
        executed.fetch_add(count, Relaxed);
    }
}

/// A CPU passed the mark with this number.
pub fn add_mark(number: usize) {
    let Some(mark) = Mark::ALL.get(number) else {
        return;
    };
    PASSED[number].fetch_add(1, Relaxed);
    let bound = match mark {
        Mark::Begin => &BEGUN,
        Mark::End => &ENDED,
        _ => return,
    };
    if let Ok(mut bound) = bound.lock() {
        bound.get_or_insert_with(Counts::now);
    }
}

/// A CPU executed the entry.
pub fn enter() {
    ENTERED.get_or_init(|| EXECUTED.iter().map(|count| count.load(Relaxed)).sum());
}

impl Counts {
    fn now() -> Counts {
        let cpus = usize::try_from(CPUS.load(Relaxed)).unwrap_or(CPUS_MAX);
        let load = |count: &AtomicU64| count.load(Relaxed);
        Counts {
            executed: EXECUTED.iter().take(cpus).map(load).collect(),
            passed: PASSED.iter().map(load).collect(),
        }
    }

    /// What came since `start`.
    fn since(&self, start: &Counts) -> Counts {
        let less = |end: &[u64], start: &[u64]| {
            let pairs = end.iter().zip(start.iter().chain([&0; CPUS_MAX]));
            pairs
                .map(|(end, start)| end.saturating_sub(*start))
                .collect()
        };
        Counts {
            executed: less(&self.executed, &start.executed),
            passed: less(&self.passed, &start.passed),
        }
    }
}

/// Everything until now, for whoever asks while the guest runs.
pub fn now_as_json() -> String {
    written(&Counts::now())
}

/// Everything, or what lay between the bounds, for whoever started QEMU.
pub fn as_json() -> String {
    let bound = |bound: &Mutex<Option<Counts>>| bound.lock().ok()?.clone();
    let counts = match bound(&BEGUN).zip(bound(&ENDED)) {
        Some((begun, ended)) => ended.since(&begun),
        None => Counts::now(),
    };
    written(&counts)
}

fn written(counts: &Counts) -> String {
    let mut text = format!("{{\"instructions\":{:?}", counts.executed);
    for (mark, passed) in Mark::ALL.iter().zip(&counts.passed) {
        if let Some(name) = mark.name() {
            write!(text, ",\"{name}\":{passed}").expect("a string takes everything");
        }
    }
    if let Some(entered) = ENTERED.get() {
        write!(text, ",\"entered\":{entered}").expect("a string takes everything");
    }
    let bounds = [Mark::Begin, Mark::End].map(|mark| PASSED[mark as usize].load(Relaxed));
    text + &format!(",\"bounds\":{bounds:?}}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_bounds_counts() {
        note_cpu(0);
        add_instructions(0, 100);
        add_mark(Mark::Begin as usize);
        add_instructions(0, 20);
        add_mark(Mark::Wrpkru as usize);
        add_mark(Mark::End as usize);
        add_instructions(0, 1000);
        let text = as_json();
        assert!(text.starts_with("{\"instructions\":[20],"), "{text}");
        assert!(
            text.contains("\"wrpkru\":1,\"string\":0,\"halts\":0,\"bounds\":[1, 1]}"),
            "{text}"
        );
        enter();
        add_instructions(0, 7);
        enter();
        let text = now_as_json();
        assert!(text.starts_with("{\"instructions\":[1127],"), "{text}");
        assert!(text.contains(",\"entered\":1120,"), "{text}");
    }
}
