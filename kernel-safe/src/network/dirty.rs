//! Which sockets `net` has to hear of: those that were read or written.

use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Mutex;

use super::slot::Slot;
use crate::errno::Errno;

/// The numbers of sockets, each at most once. There is room for all.
static DIRTY: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Whether there are some; told under the lock.
static ARE_THERE: AtomicBool = AtomicBool::new(false);

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
            ARE_THERE.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether there are none. One that is noted just now may not be seen.
pub(super) fn is_empty() -> bool {
    !ARE_THERE.load(Ordering::SeqCst)
}

/// Takes the numbers of so many at most, as far as there is memory to note them, into a
/// list that has none.
pub(super) fn take(numbers: &mut Vec<u32>, most: usize) {
    let mut dirty = DIRTY.lock();
    // A list with as much room can take its place.
    if dirty.len() <= most && numbers.capacity() >= dirty.capacity() {
        ARE_THERE.store(false, Ordering::Relaxed);
        return mem::swap(&mut *dirty, numbers);
    }
    let count = dirty.len().min(most);
    if numbers.try_reserve(dirty.capacity().max(count)).is_ok() {
        let rest = dirty.len().saturating_sub(count);
        numbers.extend(dirty.drain(rest..).rev());
    }
    ARE_THERE.store(!dirty.is_empty(), Ordering::Relaxed);
}

/// Forgets them, for the next test.
#[cfg(test)]
pub(super) fn forget() {
    DIRTY.lock().clear();
    ARE_THERE.store(false, Ordering::Relaxed);
}
