//! A page that one CPU takes away while another reads it.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use domains::core_call::test_hook::{FORGET_HERE_ONLY, UNMAP};
use domains::layout::PAGE_SIZE;
use gate::hooks::CORE_HOOK;

use super::{PATIENCE, pinned};
use crate::hooks;

static READS: AtomicU64 = AtomicU64::new(0);

/// CPU 1 reads a page, without any call, until CPU 0 unmaps it: the next read
/// must fault, which ends the program. With `mutant` the core does not tell
/// CPU 1, and this must be seen here.
pub fn run(mutant: bool) -> Result<(), String> {
    let page = page()?;
    println!("page {page:#x}");
    pinned(1, move || read_for_ever(page))?;
    wait_for_reads(1_000)?;
    let take_away = move || {
        let hook = |number: u64, argument| hooks::hook(CORE_HOOK, number as usize, argument);
        hook(FORGET_HERE_ONLY, usize::from(mutant));
        hook(UNMAP, page)
    };
    let result = pinned(0, take_away)?.recv();
    if result != Ok(0) {
        return Err(format!("not unmapped: {result:?}"));
    }
    wait_for_reads(READS.load(Relaxed) + 10_000)?;
    Err("the page is still read".to_owned())
}

/// A page of its own in the heap, mapped and touched.
fn page() -> Result<usize, String> {
    let size = 64 * PAGE_SIZE as usize;
    let layout = Layout::from_size_align(size, PAGE_SIZE as usize).map_err(|_| "no layout")?;
    // SAFETY: the size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    if start.is_null() {
        return Err("no memory".to_owned());
    }
    // SAFETY: the allocation is that large.
    let middle = unsafe { start.add(size / 2) };
    // SAFETY: as above.
    unsafe { middle.write_volatile(1) };
    Ok(middle.addr())
}

fn read_for_ever(page: usize) {
    let byte: *const u8 = std::ptr::with_exposed_provenance(page);
    loop {
        // SAFETY: it is the page that this test is about.
        let _ = unsafe { byte.read_volatile() };
        READS.fetch_add(1, Relaxed);
    }
}

fn wait_for_reads(count: u64) -> Result<(), String> {
    let start = Instant::now();
    while READS.load(Relaxed) < count {
        std::hint::spin_loop();
        if start.elapsed() > PATIENCE {
            return Err("the reader does not run".to_owned());
        }
    }
    Ok(())
}
