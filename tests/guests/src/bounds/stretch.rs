//! The longest time in which a CPU runs one thread and nothing else.
//!
//! A thread of the highest priority wakes again and again, and notes how late
//! it is. Under `--icount` a nanosecond is an instruction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hermit_abi::{Tid, join, spawn2};

/// How long it sleeps. A stretch may be longer than what is noted by so much.
const PERIOD: Duration = Duration::from_micros(100);
const HIGHEST: u8 = 30;
const STACK: usize = 64 << 10;

static WORST: AtomicU64 = AtomicU64::new(0);
static HAS_TO_STOP: AtomicBool = AtomicBool::new(false);

/// The thread that wakes.
#[derive(Debug)]
pub struct Probe(Tid);

impl Probe {
    /// Starts it.
    pub fn start() -> Result<Probe, String> {
        // SAFETY: the function takes no address.
        match unsafe { spawn2(probe, 0, HIGHEST, STACK, -1) } {
            0 => Err("no thread".into()),
            id => Ok(Probe(id)),
        }
    }

    /// The longest stretch while `work` is done, and how long that takes.
    pub fn during(
        &self,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<(u64, u64), String> {
        WORST.store(0, Ordering::Relaxed);
        let start = Instant::now();
        work()?;
        let total = start.elapsed().as_nanos() as u64;
        Ok((WORST.load(Ordering::Relaxed), total))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        HAS_TO_STOP.store(true, Ordering::Relaxed);
        // SAFETY: the call takes no address.
        unsafe { join(self.0) };
    }
}

extern "C" fn probe(_: usize) {
    while !HAS_TO_STOP.load(Ordering::Relaxed) {
        let start = Instant::now();
        std::thread::sleep(PERIOD);
        let slept = start.elapsed().as_nanos() as u64;
        WORST.fetch_max(slept, Ordering::Relaxed);
    }
}
