//! Clocks from the time page: no crossing, for any domain.

use core::arch::x86_64::_rdtsc;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering, fence};

use domains::boot::TimePage;
use domains::layout::TIME_PAGE;

/// The time-stamp counter.
pub fn ticks() -> u64 {
    #[cfg(feature = "played")]
    if crate::played::is_on() {
        return crate::played::now();
    }
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
    let epoch = epoch_ns.saturating_sub(monotonic_ns());
    word(offset_of!(TimePage, epoch_ns)).store(epoch, Ordering::Relaxed);
}

/// Sets the clock of all domains, as [`set_epoch`] does the time of day. One at
/// a time: the caller sees to that.
pub fn set(page: &TimePage) {
    let sequence = sequence();
    word(offset_of!(TimePage, sequence)).store(sequence | 1, Ordering::Relaxed);
    fence(Ordering::Release);
    word(offset_of!(TimePage, base_tsc)).store(page.base_tsc, Ordering::Relaxed);
    word(offset_of!(TimePage, base_ns)).store(page.base_ns, Ordering::Relaxed);
    word(offset_of!(TimePage, rate)).store(page.rate, Ordering::Relaxed);
    let even = (sequence | 1).wrapping_add(1);
    word(offset_of!(TimePage, sequence)).store(even, Ordering::Release);
}

/// A consistent copy of the time page.
pub fn page() -> TimePage {
    #[cfg(feature = "played")]
    if crate::played::is_on() {
        return TimePage {
            rate: 1 << 32,
            ..TimePage::default()
        };
    }
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
    word(offset_of!(TimePage, sequence)).load(Ordering::Relaxed)
}

/// The word of the time page at `offset`.
fn word(offset: usize) -> &'static AtomicU64 {
    let address = TIME_PAGE as usize + offset;
    // SAFETY: the core maps the page before any domain runs, for good, and its
    // words are written atomically only.
    unsafe { AtomicU64::from_ptr(ptr::without_provenance_mut(address)) }
}
