//! Clocks from the time page: no crossing, for any domain.

use core::arch::x86_64::_rdtsc;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering, fence};

use domains::boot::TimePage;
use domains::layout::TIME_PAGE;

/// The time-stamp counter.
pub fn ticks() -> u64 {
    // SAFETY: RDTSC touches no memory, and the core leaves CR4.TSD clear.
    unsafe { _rdtsc() }
}

/// Nanoseconds since boot.
pub fn monotonic_ns() -> u64 {
    page().monotonic_ns(ticks())
}

/// Nanoseconds since 1970.
pub fn realtime_ns() -> u64 {
    let page = page();
    page.monotonic_ns(ticks()).wrapping_add(page.epoch_ns)
}

/// Sets the time of day, in nanoseconds since 1970, for all domains. Has an
/// effect where the time page can be written: in the safe kernel.
pub fn set_epoch(epoch_ns: u64) {
    let address = TIME_PAGE as usize + core::mem::offset_of!(TimePage, epoch_ns);
    let word: *mut u64 = ptr::without_provenance_mut(address);
    // SAFETY: a word of the time page, which the core maps for good; nobody
    // holds a reference to it, and the core leaves this word alone.
    let word = unsafe { AtomicU64::from_ptr(word) };
    word.store(epoch_ns.saturating_sub(monotonic_ns()), Ordering::Relaxed);
}

/// A consistent copy of the time page.
fn page() -> TimePage {
    let shared: *const TimePage = ptr::without_provenance(TIME_PAGE as usize);
    loop {
        let before = sequence();
        fence(Ordering::Acquire);
        // SAFETY: the core maps the page before any domain runs, for good; a
        // torn copy is thrown away below.
        let copy = unsafe { shared.read_volatile() };
        fence(Ordering::Acquire);
        if before.is_multiple_of(2) && sequence() == before {
            return copy;
        }
        core::hint::spin_loop();
    }
}

fn sequence() -> u64 {
    const { assert!(core::mem::offset_of!(TimePage, sequence) == 0) };
    // SAFETY: as in `page`; the word is only ever accessed atomically here.
    unsafe { AtomicU64::from_ptr(ptr::without_provenance_mut(TIME_PAGE as usize)) }
        .load(Ordering::Relaxed)
}
