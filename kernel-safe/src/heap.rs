//! Memory for the application's heap.
//!
//! The application's allocator asks for extents and never gives one back.
//! Extents follow each other, so that the allocator can join them, and have
//! their frames at once: what was granted cannot fail later.

use domains::layout::{APP, PAGE_SIZE};
use gate::info;
use gate::memory::{self, Populate};
use spin::Mutex;

use crate::errno::{Answer, Errno};

static NEXT: Mutex<u64> = Mutex::new(APP.heap().start);

/// Maps at least `size` bytes of zeroed memory; their address.
///
/// # Errors
///
/// The size is zero, or there is not that much memory.
pub fn extend(size: usize) -> Answer {
    if size as u64 > info::boot().memory {
        // Page tables for the range would use up what there is.
        return Err(Errno::NoMemory);
    }
    let mut next = NEXT.lock();
    let end = end_of_extent(*next, size)?;
    let pages = end.saturating_sub(*next) / PAGE_SIZE;
    memory::map_app(*next, pages, Populate::Now)?;
    let start = core::mem::replace(&mut *next, end);
    i64::try_from(start).map_err(|_| Errno::NoMemory)
}

fn end_of_extent(start: u64, size: usize) -> Result<u64, Errno> {
    if size == 0 {
        return Err(Errno::Invalid);
    }
    let end = start.checked_add(size as u64);
    end.and_then(|end| end.checked_next_multiple_of(PAGE_SIZE))
        .filter(|end| *end <= APP.heap().end)
        .ok_or(Errno::NoMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_whole_pages_inside_the_heap() {
        let start = APP.heap().start;
        assert_eq!(end_of_extent(start, 1), Ok(start + PAGE_SIZE));
        assert_eq!(end_of_extent(start, 4096), Ok(start + PAGE_SIZE));
        assert_eq!(end_of_extent(start, 0), Err(Errno::Invalid));
        assert_eq!(end_of_extent(start, usize::MAX), Err(Errno::NoMemory));
        let all = APP.heap().size() as usize;
        assert_eq!(end_of_extent(start, all), Ok(APP.heap().end));
        assert_eq!(end_of_extent(start, all + 1), Err(Errno::NoMemory));
    }
}
