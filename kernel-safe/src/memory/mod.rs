//! The application's memory beside image and stacks: its heap and mappings.
//!
//! Both lie in the heap region of the layout. What is whose is noted here, so
//! that a request about a mapping never reaches the allocator's extents, and
//! the reverse; stacks and image lie elsewhere.
//!
//! The core maps and unmaps a piece at a time ([`pieces`]), and others run in
//! between, so no lock is held meanwhile. What is under way is in neither set
//! and not free either: nobody else can ask for it.

pub mod heap;
pub mod mapping;
pub mod pieces;

use domains::layout::{APP, PAGE_SIZE, Region};
use gate::info;
use gate::memory::Populate;
use spin::Mutex;

use crate::errno::Errno;
use crate::space::Space;
use crate::space::ranges::Ranges;

/// The heap region of the application.
#[derive(Debug)]
struct Mappings {
    space: Space,
    heap: Ranges,
    mapped: Ranges,
    /// How large all mappings are together, with those under way.
    promised: u64,
}

static MEMORY: Mutex<Mappings> = Mutex::new(Mappings::new());

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

/// Maps `part`, which was taken, for `purpose`, and does `finish` before anybody
/// else can ask for it. If that fails, `part` is free again.
fn map_taken(
    part: Region,
    purpose: Use,
    finish: impl FnOnce() -> Result<(), Errno>,
) -> Result<(), Errno> {
    make(part, purpose, finish).map_err(|(mapped, errno)| {
        for free in undo(part, mapped, pieces::unmap) {
            MEMORY.lock().give_back(free, purpose);
        }
        errno
    })
}

/// Maps, finishes and notes `part`, or tells what of it is mapped when that
/// fails.
fn make(
    part: Region,
    purpose: Use,
    finish: impl FnOnce() -> Result<(), Errno>,
) -> Result<(), (Region, Errno)> {
    let populate = match purpose {
        Use::Heap => Populate::Now,
        Use::Mapping => Populate::OnTouch,
    };
    pieces::map(part, populate)?;
    let noted = finish().and_then(|()| MEMORY.lock().ranges(purpose).insert(part));
    noted.map_err(|errno| (part, errno))
}

/// Unmaps the first part of `part`, which is `mapped`; what is free then. What
/// stays mapped is nobody's for good.
fn undo(
    part: Region,
    mapped: Region,
    unmap: impl FnOnce(Region) -> Result<(), (Region, Errno)>,
) -> [Region; 2] {
    // DEFENCE: undo-gives-back-what-is-done
    let done = unmap(mapped).map_or_else(|(done, _)| done, |()| mapped);
    let rest = Region {
        start: mapped.end,
        end: part.end,
    };
    [done, rest]
}

/// Does `act` with `part`, all of which is for `purpose`, while nobody else can
/// ask for it.
fn alone_with(
    memory: &Mutex<Mappings>,
    part: Region,
    purpose: Use,
    act: impl FnOnce() -> Result<(), Errno>,
) -> Result<(), Errno> {
    // DEFENCE: protect-claims
    memory.lock().claim(part, purpose)?;
    let acted = act();
    // There is room for the note, unless what lay around it has gone and others
    // have used that room. Then, without memory, the range is nobody's for good.
    let noted = memory.lock().ranges(purpose).insert(part);
    acted.and(noted)
}

/// Unmaps `part`, all of which is for `purpose`.
fn unmap(part: Region, purpose: Use) -> Result<(), Errno> {
    MEMORY.lock().claim(part, purpose)?;
    let unmapped = pieces::unmap(part);
    let mut memory = MEMORY.lock();
    let done = match unmapped {
        Ok(()) => part,
        Err((done, _)) => {
            // If nothing is done there is room for the note: it was noted
            // before. Else, without memory, what is left is nobody's for good.
            let rest = Region::new(done.end, part.end.saturating_sub(done.end));
            let _ = memory.ranges(purpose).insert(rest);
            done
        }
    };
    memory.give_back(done, purpose);
    unmapped.map_err(|(_, errno)| errno)
}

impl Mappings {
    const fn new() -> Mappings {
        Mappings {
            space: Space::new(APP.heap()),
            heap: Ranges::new(),
            mapped: Ranges::new(),
            promised: 0,
        }
    }

    /// Takes `part` out of what is noted for `purpose`.
    fn claim(&mut self, part: Region, purpose: Use) -> Result<(), Errno> {
        if !self.ranges(purpose).contains(part) {
            return Err(Errno::Invalid);
        }
        self.ranges(purpose).remove(part)
    }

    /// Takes `size` bytes where there is room.
    fn take(&mut self, size: u64) -> Result<Region, Errno> {
        let start = self.space.take(size, alignment(size));
        Ok(Region::new(start.ok_or(Errno::NoMemory)?, size))
    }

    /// Frees `part`, which may be empty.
    fn give_back(&mut self, part: Region, purpose: Use) {
        if part.size() > 0 {
            self.space.give_back(part.start, part.size());
        }
        if purpose == Use::Mapping {
            self.break_promise(part.size());
        }
    }

    /// Counts `size` bytes less among the mappings.
    const fn break_promise(&mut self, size: u64) {
        self.promised = self.promised.saturating_sub(size);
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

    const SIZE: u64 = 3 * PAGE_SIZE;

    /// A memory with a mapping.
    fn with_mapping() -> (Mutex<Mappings>, Region) {
        let mut memory = Mappings::new();
        let part = memory.take(SIZE).expect("room");
        memory.mapped.insert(part).expect("memory");
        memory.promised = SIZE;
        (Mutex::new(memory), part)
    }

    #[test]
    fn what_is_under_way_is_nobody_elses() {
        let (memory, part) = with_mapping();
        let page = Region::new(part.start + PAGE_SIZE, PAGE_SIZE);
        for acted in [Ok(()), Err(Errno::Denied)] {
            let ended = alone_with(&memory, page, Use::Mapping, || {
                let mut memory = memory.lock();
                assert_eq!(memory.claim(page, Use::Mapping), Err(Errno::Invalid));
                assert_eq!(memory.claim(part, Use::Mapping), Err(Errno::Invalid));
                assert_ne!(
                    memory.take(PAGE_SIZE).map(|taken| taken.start),
                    Ok(page.start)
                );
                acted
            });
            assert_eq!(ended, acted);
            assert!(memory.lock().mapped.contains(part), "all of it is back");
        }
        let foreign = Region::new(part.end, PAGE_SIZE);
        let refused = alone_with(&memory, foreign, Use::Mapping, || panic!("it is not ours"));
        assert_eq!(refused, Err(Errno::Invalid));
    }

    #[test]
    fn only_what_was_unmapped_is_free_again() {
        let page = |number| Region::new(PAGE_SIZE * number, PAGE_SIZE);
        let all = Region::new(0, 4 * PAGE_SIZE);
        let mapped = Region::new(0, 3 * PAGE_SIZE);
        assert_eq!(undo(all, mapped, |_| Ok(())), [mapped, page(3)]);
        let fails = |_| Err((page(0), Errno::NoMemory));
        assert_eq!(undo(all, mapped, fails), [page(0), page(3)]);
    }

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
