//! A page that one CPU takes away while another reads it.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use domains::core_call::test_hook::{FORGET_HERE_ONLY, UNMAP};
use domains::layout::PAGE_SIZE;
use gate::hooks::CORE_HOOK;

use super::{PATIENCE, pinned};
use crate::hooks;

const STILL_READ: &str = "the page is still read";
/// Long enough for a CPU with nothing to do to halt.
const FALL_ASLEEP: Duration = Duration::from_millis(100);

static READS: AtomicU64 = AtomicU64::new(0);

/// CPU 1 reads page `number` of some, without any call, until CPU 0 unmaps it: the next read
/// must fault, which ends the program. With `mutant` the core does not tell
/// CPU 1, and this must be seen here.
pub fn run(number: &str, mutant: bool) -> Result<(), String> {
    let page = page(number)?;
    println!("page {page:#x}");
    pinned(1, move || read_for_ever(page))?;
    wait_for_reads(1_000)?;
    take_away(page, mutant)?;
    wait_for_reads(READS.load(Relaxed) + 10_000)?;
    Err(STILL_READ.to_owned())
}

/// The same, but CPU 1 sleeps when the page is unmapped, and reads it when it
/// has woken.
pub fn run_asleep(number: &str, mutant: bool) -> Result<(), String> {
    let page = page(number)?;
    println!("page {page:#x}");
    let (go, wait) = mpsc::channel();
    let reader = pinned(1, move || {
        read(page);
        READS.fetch_add(1, Relaxed);
        // This thread is the only one of its CPU.
        let told = wait.recv();
        read(page);
        told
    })?;
    wait_for_reads(1)?;
    thread::sleep(FALL_ASLEEP);
    take_away(page, mutant)?;
    go.send(()).map_err(|_| "the reader is gone")?;
    match reader.recv() {
        Ok(_) => Err(STILL_READ.to_owned()),
        Err(_) => Err("the reader is gone".to_owned()),
    }
}

/// Unmaps `page` on CPU 0.
fn take_away(page: usize, mutant: bool) -> Result<(), String> {
    let take_away = move || {
        let hook = |number: u64, argument| hooks::hook(CORE_HOOK, number as usize, argument);
        hook(FORGET_HERE_ONLY, usize::from(mutant));
        hook(UNMAP, page)
    };
    match pinned(0, take_away)?.recv() {
        Ok(0) => Ok(()),
        result => Err(format!("not unmapped: {result:?}")),
    }
}

/// Page `number` of some in the heap, mapped and touched.
fn page(number: &str) -> Result<usize, String> {
    let number: usize = number.parse().map_err(|_| "not a number")?;
    let size = 64 * PAGE_SIZE as usize;
    let layout = Layout::from_size_align(size, PAGE_SIZE as usize).map_err(|_| "no layout")?;
    // SAFETY: the size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    if start.is_null() {
        return Err("no memory".to_owned());
    }
    // SAFETY: the allocation is that large.
    let page = unsafe { start.add(number % 64 * PAGE_SIZE as usize) };
    // SAFETY: as above.
    unsafe { page.write_volatile(1) };
    Ok(page.addr())
}

fn read_for_ever(page: usize) {
    loop {
        read(page);
        READS.fetch_add(1, Relaxed);
    }
}

fn read(page: usize) {
    let byte: *const u8 = std::ptr::with_exposed_provenance(page);
    // SAFETY: it is the page that these tests are about.
    let _ = unsafe { byte.read_volatile() };
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
