//! An allocator that counts, so that a few bytes cannot ask for many.

#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::target::{ROOM, Seen, Target};

/// The system's allocator, which counts.
#[derive(Debug)]
pub struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does all; what is counted changes nothing of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE
            .fetch_add(layout.size(), Relaxed)
            .wrapping_add(layout.size());
        MOST.fetch_max(live, Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let live = LIVE
            .fetch_add(layout.size(), Relaxed)
            .wrapping_add(layout.size());
        MOST.fetch_max(live, Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Has `target` eat `input`, and fails where it took more memory than is due to so
/// few bytes. Without [`Counting`] as the allocator it is not looked at.
pub fn run(target: &Target, input: &[u8]) -> Seen {
    let before = LIVE.load(Relaxed);
    MOST.store(before, Relaxed);
    let seen = (target.run)(input);
    let most = MOST.load(Relaxed).saturating_sub(before);
    let due = input
        .len()
        .saturating_mul(target.factor)
        .saturating_add(ROOM);
    assert!(
        most <= due,
        "{} bytes of input took {most} bytes of memory",
        input.len()
    );
    seen
}
