//! First touches of the same pages by all CPUs at once.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU8, AtomicUsize};

use domains::layout::PAGE_SIZE;

use super::{count, pinned};

/// Where the host has fewer CPUs than the guest, each page takes it some of its
/// turns.
const PAGES: usize = 64;

/// Threads on all CPUs go through fresh memory side by side, and each adds one
/// to a byte of every page. No touch may fail, and no addition may be lost in
/// a second frame for the same page.
pub fn run() -> Result<(), String> {
    let memory: Arc<Vec<AtomicU8>> = Arc::new(fresh());
    let turns = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..count())
        .map(|cpu| {
            let (memory, turns) = (Arc::clone(&memory), Arc::clone(&turns));
            pinned(cpu, move || go_through(&memory, &turns))
        })
        .collect::<Result<_, _>>()?;
    for thread in threads {
        thread.recv().map_err(|_| "the thread is gone")?;
    }
    let all = memory.iter().step_by(PAGE_SIZE as usize);
    let lost = all.filter(|byte| byte.load(SeqCst) != count() as u8);
    match lost.count() {
        0 => Ok(()),
        pages => Err(format!("{pages} pages have lost an addition")),
    }
}

/// Memory that nobody has touched.
fn fresh() -> Vec<AtomicU8> {
    let zeroed = vec![0_u8; PAGES * PAGE_SIZE as usize];
    let (start, length, capacity) = {
        let mut zeroed = std::mem::ManuallyDrop::new(zeroed);
        (zeroed.as_mut_ptr(), zeroed.len(), zeroed.capacity())
    };
    // SAFETY: an atomic byte has the layout of a byte; the vector is not used
    // any more.
    unsafe { Vec::from_raw_parts(start.cast(), length, capacity) }
}

fn go_through(memory: &[AtomicU8], turns: &AtomicUsize) {
    for (page, byte) in memory.iter().step_by(PAGE_SIZE as usize).enumerate() {
        // Together at each page.
        turns.fetch_add(1, SeqCst);
        while turns.load(SeqCst) < (page + 1) * count() {
            std::hint::spin_loop();
        }
        byte.fetch_add(1, SeqCst);
    }
}
