//! Which sockets `net` has to hear of: those that were read or written.

use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Mutex;

use super::slot::Slot;
use crate::errno::Errno;

/// The numbers of sockets, each at most once. There is room for all.
static DIRTY: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Whether there are some; changed under the lock.
static ARE_THERE: AtomicBool = AtomicBool::new(false);

/// Makes room for `count` sockets in all, here and in the list into which they are taken:
/// both take turns, and taking needs no memory.
///
/// # Errors
///
/// Memory is short.
pub(super) fn reserve(taken: &mut Vec<u32>, count: usize) -> Result<(), Errno> {
    taken.try_reserve(count.saturating_sub(taken.len()))?;
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
            ARE_THERE.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether there are none. One that is noted just now may not be seen.
pub(super) fn is_empty() -> bool {
    !ARE_THERE.load(Ordering::SeqCst)
}

/// Takes the numbers of so many at most, into an empty list for which room was made.
pub(super) fn take(taken: &mut Vec<u32>, most: usize) {
    let mut dirty = DIRTY.lock();
    match dirty.len().checked_sub(most) {
        None | Some(0) => mem::swap(&mut *dirty, taken),
        Some(rest) => taken.extend(dirty.drain(rest..)),
    }
    ARE_THERE.store(!dirty.is_empty(), Ordering::Relaxed);
}

/// Forgets them, for the next test.
#[cfg(test)]
pub(super) fn forget() {
    DIRTY.lock().clear();
    ARE_THERE.store(false, Ordering::Relaxed);
}
