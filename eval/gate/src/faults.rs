//! Page faults: one that gives a page, and one that is reported.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::thread;

use gate::{clock, hooks, safe};

/// Pages of a stack that are touched.
const PAGES: usize = 64;
const PAGE_SIZE: usize = 4096;

/// The first touch of a page of a stack, to the instruction that touched it.
pub fn touch() -> u64 {
    let both = || (ticks_of_frame(), ticks_of_frame());
    let thread = thread::Builder::new().stack_size(2 * PAGES * PAGE_SIZE);
    let (first, again) = thread
        .spawn(both)
        .and_then(|thread| Ok(thread.join().expect("it only touches its stack")))
        .expect("there is memory for a stack");
    (first - again) / PAGES as u64
}

/// A function with so large a frame that its prologue touches every page.
#[inline(never)]
fn ticks_of_frame() -> u64 {
    let start = clock::ticks();
    touch_frame();
    clock::ticks() - start
}

#[inline(never)]
fn touch_frame() {
    let mut frame = MaybeUninit::<[u8; PAGES * PAGE_SIZE]>::uninit();
    black_box(frame.as_mut_ptr());
}

/// From a call into a cell that reads what it must not, through the
/// report of the core, to the error that the safe kernel gets; the least of
/// some. None without walls: there the read is none that faults.
pub fn contained() -> Option<u64> {
    const FAULTS: usize = 3;
    let fault = |_| {
        // SAFETY: the hook reads, and what it reads goes nowhere.
        unsafe { safe::hook(hooks::TIME_FAULT, 0, 0) }
    };
    let least = (0..FAULTS).map(fault).min()?;
    u64::try_from(least).ok()
}
