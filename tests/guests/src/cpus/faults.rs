//! Faults on all CPUs at once.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

use domains::layout::SAFE;

use super::{PATIENCE, count, pinned};

static READY: AtomicUsize = AtomicUsize::new(0);

/// A thread on each CPU waits for all the others and then writes to the safe
/// kernel.
pub fn run() -> Result<(), String> {
    let threads: Vec<_> = (0..count())
        .map(|cpu| pinned(cpu, wait_and_attack))
        .collect::<Result<_, _>>()?;
    for thread in threads {
        thread.recv().map_err(|_| "the thread is gone")?;
    }
    Err("nobody was stopped".to_owned())
}

fn wait_and_attack() {
    let start = Instant::now();
    READY.fetch_add(1, SeqCst);
    while READY.load(SeqCst) < count() && start.elapsed() < PATIENCE {
        std::hint::spin_loop();
    }
    let target: *mut u8 = std::ptr::with_exposed_provenance_mut(SAFE.start as usize);
    // SAFETY: this is the attack; the walls stand, or the test fails.
    unsafe { target.write_volatile(1) };
}
