//! The CPU page, for the safe kernel.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;

/// A word of the CPU page.
fn word(offset: usize) -> &'static AtomicU64 {
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

/// Sets the stack on which an upcall enters, where no gate does it.
pub(crate) fn set_entry_stack(top: u64) {
    word(offset::ENTRY_STACK).store(top, Ordering::Release);
}
