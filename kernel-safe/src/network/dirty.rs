//! Which sockets `net` has to hear of: those that were read or written.

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use spin::Mutex;

use super::slot::Slot;
use crate::errno::Errno;

/// The numbers of sockets, each at most once. There is room for all.
static DIRTY: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Makes room for `count` sockets in all.
///
/// # Errors
///
/// Memory is short.
pub(super) fn reserve(count: usize) -> Result<(), Errno> {
    let mut dirty = DIRTY.lock();
    let more = count.saturating_sub(dirty.len());
    Ok(dirty.try_reserve(more)?)
}

/// `net` has to hear of a socket, at some time.
pub(super) fn note(slot: &Slot) {
    if !slot.is_dirty.swap(true, Ordering::AcqRel) {
        let mut dirty = DIRTY.lock();
        if dirty.len() < dirty.capacity() {
            dirty.push(slot.number());
        }
    }
}

/// Takes the number of one.
pub(super) fn take() -> Option<u32> {
    DIRTY.lock().pop()
}
