//! Mappings for the application's heap.
//!
//! The application's allocator asks for extents, and gives back what it does
//! not need: whole ones, or parts.

use domains::layout::{PAGE_SIZE, Region};

use super::{MEMORY, Use, map_taken, pages_at, unmap, whole_pages};
use crate::errno::{Answer, Errno};

/// Maps at least `size` bytes of zeroed memory; their address.
///
/// # Errors
///
/// The size is zero, or there is not that much memory.
pub fn extend(size: usize) -> Answer {
    let size = whole_pages(size)?;
    let part = MEMORY.lock().take(size)?;
    map_taken(part, Use::Heap, || Ok(()))?;
    i64::try_from(part.start).map_err(|_| Errno::NoMemory)
}

/// Takes back what [`extend`] or [`grow`] gave, or a part of it.
///
/// # Errors
///
/// It is not the heap's.
pub fn release(address: usize, size: usize) -> Answer {
    let part = pages_at(address, size)?;
    unmap(part, Use::Heap)?;
    Ok(0)
}

/// Maps `more` bytes behind the heap's `size` bytes at `address`.
///
/// # Errors
///
/// The bytes are not the heap's, or what lies behind them is in use, or there
/// is not that much memory.
pub fn grow(address: usize, size: usize, more: usize) -> Answer {
    let part = pages_at(address, size)?;
    let more = whole_pages(more)?;
    {
        let mut memory = MEMORY.lock();
        if !memory.heap.contains(part) || !size.is_multiple_of(PAGE_SIZE as usize) {
            return Err(Errno::Invalid);
        }
        let taken = memory.space.take_at(part.end, more);
        taken.ok_or(Errno::NoMemory)?;
    }
    map_taken(Region::new(part.end, more), Use::Heap, || Ok(()))?;
    Ok(0)
}
