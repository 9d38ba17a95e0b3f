//! The application's memory beside image and stacks: its heap and mappings.
//!
//! Both lie in the heap region of the layout. What is whose is noted here, so
//! that a request about a mapping never reaches the allocator's extents, and
//! the reverse; stacks and image lie elsewhere. One lock guards the notes and
//! the core calls that go with them: the core would take its own one by one.

pub mod heap;
pub mod mapping;
pub mod ranges;

use domains::layout::{APP, PAGE_SIZE, Region};
use gate::info;
use gate::memory::{self, Populate};
use spin::Mutex;

use crate::errno::Errno;
use crate::space::Space;
use crate::thread::spare;
use ranges::Ranges;

/// The heap region of the application.
#[derive(Debug)]
struct Memory {
    space: Space,
    heap: Ranges,
    mapped: Ranges,
}

static MEMORY: Mutex<Memory> = Mutex::new(Memory {
    space: Space::new(APP.heap()),
    heap: Ranges::new(),
    mapped: Ranges::new(),
});

/// What a range is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    /// An extent of the allocator. It has its frames at once: what was granted
    /// cannot fail later.
    Heap,
    /// A mapping that the program asked for. It has its frames when they are
    /// touched.
    Mapping,
}

impl Memory {
    /// Maps `size` bytes for `purpose` where there is room.
    fn map(&mut self, size: u64, purpose: Use) -> Result<u64, Errno> {
        let start = self.space.take(size, alignment(size));
        let start = start.ok_or(Errno::NoMemory)?;
        let part = Region::new(start, size);
        self.note_and_map(part, purpose)
            .inspect_err(|_| self.space.give_back(start, size))?;
        Ok(start)
    }

    /// Maps `size` bytes at `start` for `purpose`, if they are free.
    fn map_at(&mut self, start: u64, size: u64, purpose: Use) -> Result<(), Errno> {
        self.space.take_at(start, size).ok_or(Errno::NoMemory)?;
        self.note_and_map(Region::new(start, size), purpose)
            .inspect_err(|_| self.space.give_back(start, size))
    }

    /// Maps `part`, which is nobody's, for `purpose`.
    fn note_and_map(&mut self, part: Region, purpose: Use) -> Result<(), Errno> {
        self.ranges(purpose).insert(part)?;
        let populate = match purpose {
            Use::Heap => Populate::Now,
            Use::Mapping => Populate::OnTouch,
        };
        let map = || {
            Ok(memory::map_app(
                part.start,
                part.size() / PAGE_SIZE,
                populate,
            )?)
        };
        spare::if_needed(map).inspect_err(|_| {
            // What was noted last goes without a new note.
            let _ = self.ranges(purpose).remove(part);
        })
    }

    /// Unmaps `part`, all of which is for `purpose`.
    fn unmap(&mut self, part: Region, purpose: Use) -> Result<(), Errno> {
        if !self.ranges(purpose).contains(part) {
            return Err(Errno::Invalid);
        }
        self.ranges(purpose).remove(part)?;
        if let Err(error) = memory::unmap_app(part.start, part.size() / PAGE_SIZE) {
            // It was noted before, so there is room for the note.
            let _ = self.ranges(purpose).insert(part);
            return Err(error.into());
        }
        self.space.give_back(part.start, part.size());
        Ok(())
    }

    fn ranges(&mut self, purpose: Use) -> &mut Ranges {
        match purpose {
            Use::Heap => &mut self.heap,
            Use::Mapping => &mut self.mapped,
        }
    }
}

/// What `size` bytes are aligned by, so that huge pages fit.
const fn alignment(size: u64) -> u64 {
    let mut alignment = PAGE_SIZE;
    while alignment << 9 <= size && alignment < 1 << 30 {
        alignment <<= 9;
    }
    alignment
}

/// `size` bytes in whole pages, if the machine can have so many.
fn whole_pages(size: usize) -> Result<u64, Errno> {
    let size = u64::try_from(size).map_err(|_| Errno::NoMemory)?;
    if size == 0 {
        return Err(Errno::Invalid);
    }
    // Page tables for more would use up what there is.
    size.checked_next_multiple_of(PAGE_SIZE)
        .filter(|size| *size <= info::boot().memory)
        .ok_or(Errno::NoMemory)
}

/// The whole pages from `address` on.
fn pages_at(address: usize, size: usize) -> Result<Region, Errno> {
    let size = size as u64;
    let size = size.checked_next_multiple_of(PAGE_SIZE);
    let size = size.ok_or(Errno::Invalid)?;
    let start = address as u64;
    let is_sound =
        size > 0 && start.is_multiple_of(PAGE_SIZE) && APP.heap().contains_range(start, size);
    is_sound
        .then(|| Region::new(start, size))
        .ok_or(Errno::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_huge_page_is_aligned_for_it() {
        for (size, expected) in [
            (PAGE_SIZE, PAGE_SIZE),
            ((2 << 20) - 1, PAGE_SIZE),
            (2 << 20, 2 << 20),
            (1 << 30, 1 << 30),
            (1 << 39, 1 << 30),
        ] {
            assert_eq!(alignment(size), expected);
        }
    }

    #[test]
    fn ranges_are_whole_pages_of_the_heap_region() {
        let start = APP.heap().start as usize;
        let page = PAGE_SIZE as usize;
        assert_eq!(pages_at(start, 1), Ok(Region::new(start as u64, PAGE_SIZE)));
        for (address, size) in [
            (start + 1, page),
            (start, 0),
            (start, usize::MAX),
            (start - page, page),
            (APP.heap().end as usize - page, 2 * page),
            (APP.stacks().start as usize, page),
            (APP.start as usize, page),
            (0, page),
            (usize::MAX & !(page - 1), page),
        ] {
            assert_eq!(pages_at(address, size), Err(Errno::Invalid));
        }
    }
}
