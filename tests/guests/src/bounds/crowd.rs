//! Many threads that wait for many counters: what each entry costs.

use std::arch::x86_64::_rdtsc;
use std::sync::atomic::{AtomicI32, Ordering};

use hermit_abi::{join, spawn2};

use super::counters::{Counters, poll_all};
use crate::checks::same;

/// A priority above that of the first thread: who has it runs at once, and
/// the first thread goes on when all of them sleep.
const ABOVE: u8 = 3;
const STACK: usize = 64 << 10;

/// What an entry may cost from the start of a poll to its end.
const ENTRY_MOST: u64 = 2_000;

static READY: AtomicI32 = AtomicI32::new(0);

/// Prints what an entry costs a few threads with a few counters, and many with
/// many; fails if it costs more there.
pub fn run() -> Result<(), String> {
    // What is made when it is first needed is made.
    cost(59, 4096)?;
    let few = cost(4, 512)?;
    let many = cost(59, 4096)?;
    println!("{few} instructions an entry for 4 threads and 512 counters");
    println!("{many} instructions an entry for 59 threads and 4096 counters");
    if many > ENTRY_MOST || 2 * many > 3 * few {
        return Err("it is not linear".into());
    }
    Ok(())
}

/// What an entry costs where so many threads wait for as many counters each
/// until the last of them is raised.
fn cost(threads: usize, count: usize) -> Result<u64, String> {
    let counters = Counters::open(count)?;
    READY.store(0, Ordering::Relaxed);
    let argument = (&raw const counters).expose_provenance();
    // SAFETY: the instruction has no effect but its result.
    let start = unsafe { _rdtsc() };
    // SAFETY: the counters live until all have been joined.
    let spawn = |_| unsafe { spawn2(wait, argument, ABOVE, STACK, -1) };
    let ids: Vec<_> = (0..threads).map(spawn).collect();
    counters.raise_last()?;
    for id in ids {
        // SAFETY: the call takes no address.
        same("join", unsafe { join(id) }, 0)?;
    }
    // SAFETY: as above.
    let end = unsafe { _rdtsc() };
    same(
        "all have seen it",
        READY.load(Ordering::Relaxed),
        threads as i32,
    )?;
    Ok((end - start) / (threads * count) as u64)
}

extern "C" fn wait(counters: usize) {
    // SAFETY: who started this thread keeps them until it has ended.
    let counters = unsafe { &*std::ptr::with_exposed_provenance::<Counters>(counters) };
    READY.fetch_add(poll_all(&mut counters.list(), -1), Ordering::Relaxed);
}
