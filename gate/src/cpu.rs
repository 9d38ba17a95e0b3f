//! The CPU page, for the safe kernel.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::cpu_page::offset;
#[cfg(not(feature = "played"))]
use domains::layout::CPU_PAGE;

/// A word of the CPU page.
fn word(offset: usize) -> &'static AtomicU64 {
    #[cfg(feature = "played")]
    return crate::played::word_of_cpu(offset);
    #[cfg(not(feature = "played"))]
    word_of_page(offset)
}

#[cfg(not(feature = "played"))]
fn word_of_page(offset: usize) -> &'static AtomicU64 {
    let address = CPU_PAGE as usize + offset;
    // SAFETY: the core maps the CPU page before any domain runs, for good, and
    // all accesses to its words are atomic or single instructions.
    unsafe { AtomicU64::from_ptr(core::ptr::without_provenance_mut(address)) }
}

/// The events that the core noted; they stay noted.
pub fn pending() -> u64 {
    word(offset::PENDING).load(Ordering::Acquire)
}

/// Takes the events that the core noted.
pub fn take_pending() -> u64 {
    word(offset::PENDING).swap(0, Ordering::AcqRel)
}

/// Notes events as if the core did.
pub fn note_pending(events: u64) {
    word(offset::PENDING).fetch_or(events, Ordering::AcqRel);
}

/// The number of the CPU that this runs on.
pub fn number() -> usize {
    word(offset::CPU).load(Ordering::Relaxed) as usize
}

/// Has the core compare the clocks on this CPU, whenever the timer is to run for
/// `ns` nanoseconds or more; never for zero.
pub fn compare_clocks_from(ns: u64) {
    word(offset::COMPARE_FROM).store(ns, Ordering::Relaxed);
}

/// A stretch of time for which the timer ran with one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// The period, in nanoseconds.
    pub period: u64,
    /// How much less the timer had to count at the end than at the beginning, but
    /// perhaps of a later period, in nanoseconds.
    pub part: i64,
    /// How many ticks of the time-stamp counter it took at least.
    pub least: u64,
    /// How many it took at most.
    pub most: u64,
}

/// Takes the stretch that ended when the core armed the timer last, if there is
/// one that was not taken.
pub fn take_stretch() -> Option<Stretch> {
    let read = || {
        let read = |offset| word(offset).load(Ordering::Acquire);
        Stretch {
            period: read(offset::STRETCH_PERIOD),
            part: read(offset::STRETCH_PART).cast_signed(),
            least: read(offset::STRETCH_LEAST),
            most: read(offset::STRETCH_MOST),
        }
    };
    // An interrupt may come between two words, but not for ever.
    let mut last = read();
    while last.period != 0 {
        let again = read();
        if again == last {
            word(offset::STRETCH_PERIOD).store(0, Ordering::Relaxed);
            return Some(last);
        }
        last = again;
    }
    None
}

/// Sets the stack on which an upcall enters, where no gate does it.
pub(crate) fn set_entry_stack(top: u64) {
    word(offset::ENTRY_STACK).store(top, Ordering::Release);
}
