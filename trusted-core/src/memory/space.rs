//! The address space of ring 3: what core calls may map, and first touches.
//!
//! A range belongs to a region of the layout, and the region says whose frames
//! these are: the caller chooses an address, never a key, an owner or a right
//! to execute. Images are mapped at boot and out of reach here.

use domains::core_call::{error, map_flags};
use domains::layout::{APP, FRAMES, PAGE_SIZE, SAFE, UNSAFE};
use domains::{Area, Isolation};

use super::entry::{Bits, Entry, Keys, Rights};
use super::frame::Frame;
use super::frames::Frames;
use super::owner::Owner;
use super::tables::{Slot, Tables, load, slot, store};
use crate::cpu::tlb;

/// The bits of an entry that leads to pages of ring 3. The right to write is
/// the last level's to give.
const PATH: Bits = Bits::USER;

/// What ring 3 sees, and the frames that it is made of.
pub(crate) struct Space {
    /// The page tables.
    pub(crate) tables: Tables,
    /// Who owns which frame.
    pub(crate) frames: Frames,
    keys: Keys,
}

/// A range that core calls may map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    area: Area,
    is_stack: bool,
}

impl Space {
    /// The space over `tables`, which map the core already.
    pub(crate) fn new(tables: Tables, frames: Frames, isolation: Isolation) -> Space {
        let keys = match isolation {
            Isolation::Mpk => Keys::On,
            Isolation::None => Keys::Off,
        };
        Space {
            tables,
            frames,
            keys,
        }
    }

    /// Maps `pages` cleared pages at `address`, or promises them.
    pub(crate) fn map(&mut self, address: u64, pages: u64, flags: u64) -> Result<(), i64> {
        if flags & !map_flags::LAZY != 0 {
            return Err(error::INVALID);
        }
        let place = place(address, pages).ok_or(error::BAD_ADDRESS)?;
        let guards = u64::from(place.is_stack);
        self.reserve(address - guards * PAGE_SIZE, pages + guards)?;
        let is_taken = self
            .slots(address, pages)
            .any(|(_, slot)| !load(slot).is_empty());
        if is_taken || place.is_stack && !self.guard(address, place.area) {
            return Err(error::BAD_ADDRESS);
        }
        for (_, slot) in self.slots(address, pages) {
            let entry = match flags & map_flags::LAZY {
                0 => self.fresh(place.area),
                _ => Some(Entry::lazy(place.area)),
            };
            let Some(entry) = entry else {
                self.clear(address, pages, place);
                return Err(error::NO_MEMORY);
            };
            store(slot, entry);
        }
        Ok(())
    }

    /// Takes `pages` pages at `address` away and frees their frames.
    pub(crate) fn unmap(&mut self, address: u64, pages: u64) -> Result<(), i64> {
        let place = place(address, pages).ok_or(error::BAD_ADDRESS)?;
        self.clear(address, pages, place);
        Ok(())
    }

    /// Keeps the promise of a lazy page of `area`; false if no frame is free.
    pub(crate) fn touch(&mut self, address: u64, area: Area) -> bool {
        let slot = self.slots(address, 1).next();
        let entry = slot.and_then(|_| self.fresh(area));
        slot.zip(entry)
            .map(|((_, slot), entry)| store(slot, entry))
            .is_some()
    }

    /// Maps one page of the image, of the info pages or of a device. False if
    /// something is there already or no table could be made.
    pub(crate) fn place_page(&mut self, address: u64, entry: Entry) -> bool {
        let table = self.tables.make(address, 0, PATH, &mut self.frames);
        let slot = table.map(|table| slot(table, address, 0));
        slot.filter(|slot| load(slot).is_empty())
            .map(|slot| store(slot, entry))
            .is_some()
    }

    /// A page of ring 3 as this space's isolation wants it.
    pub(crate) fn user(&self, frame: Frame, area: Area, rights: Rights) -> Entry {
        Entry::user(frame, area, rights, self.keys)
    }

    /// A page of device registers.
    pub(crate) fn device(&self, frame: Frame) -> Entry {
        Entry::device(frame, self.keys)
    }

    /// The slots of a range, where there are tables.
    pub(crate) fn slots(
        &self,
        address: u64,
        pages: u64,
    ) -> impl Iterator<Item = (u64, Slot)> + use<> {
        self.tables.slots(address, pages)
    }

    /// Makes the tables of a range.
    fn reserve(&mut self, address: u64, pages: u64) -> Result<(), i64> {
        const SPAN: u64 = 512 * PAGE_SIZE;
        let end = address + pages * PAGE_SIZE;
        let mut at = address;
        while at < end {
            let table = self.tables.make(at, 0, PATH, &mut self.frames);
            table.ok_or(error::NO_MEMORY)?;
            at = (at + 1).next_multiple_of(SPAN);
        }
        Ok(())
    }

    /// Marks the page below a stack; false if another stack ends there.
    fn guard(&mut self, address: u64, area: Area) -> bool {
        self.slots(address - PAGE_SIZE, 1).all(|(_, slot)| {
            let before = load(slot);
            let is_free = before.is_empty() || before.has(Bits::GUARD);
            if is_free {
                store(slot, Entry::guard(area));
            }
            is_free
        })
    }

    /// A cleared page of `area`.
    fn fresh(&mut self, area: Area) -> Option<Entry> {
        let frame = self.frames.allocate(Owner::area(area))?;
        self.tables.physical().zero(frame);
        Some(self.user(frame, area, Rights::Write))
    }

    fn clear(&mut self, address: u64, pages: u64, place: Place) {
        let mut is_mapped = false;
        for (_, slot) in self.slots(address, pages) {
            let entry = load(slot);
            is_mapped |= entry.has(Bits::PRESENT);
            store(slot, entry.leaving());
        }
        // No frame is used again while a CPU could still reach it by this way.
        if is_mapped {
            tlb::forget(address, pages);
        }
        for (_, slot) in self.slots(address, pages) {
            if let Some(frame) = load(slot).left_frame() {
                self.frames.release(frame);
            }
            store(slot, Entry::EMPTY);
        }
        let guards = u64::from(place.is_stack);
        for (_, slot) in self.slots(address - guards * PAGE_SIZE, guards) {
            if load(slot).has(Bits::GUARD) {
                store(slot, Entry::EMPTY);
            }
        }
    }
}

/// Whose range this is; none if core calls may not map it.
fn place(address: u64, pages: u64) -> Option<Place> {
    let size = pages.checked_mul(PAGE_SIZE)?;
    if pages == 0 || !address.is_multiple_of(PAGE_SIZE) {
        return None;
    }
    let areas = [Area::Safe, Area::Unsafe, Area::App, Area::Frames].into_iter();
    areas
        .zip([SAFE, UNSAFE, APP, FRAMES])
        .find_map(|(area, region)| {
            let is_frames = area == Area::Frames && region.contains_range(address, size);
            let is_heap = area != Area::Frames && region.heap().contains_range(address, size);
            let is_stack =
                area != Area::Frames && region.stacks().contains_range(address, size);
            (is_frames || is_heap || is_stack).then_some(Place { area, is_stack })
        })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;
    use std::vec;

    use domains::layout;

    use super::*;
    use crate::memory::physical;

    const HEAP: u64 = layout::APP.heap().start;
    const STACK: u64 = layout::SAFE.stacks().start;

    fn space(count: usize) -> Space {
        let mut frames = Frames::new(Box::leak(vec![Owner::ABSENT; count].into_boxed_slice()));
        frames.declare(0, count as u64, Owner::FREE);
        let tables = Tables::new(physical::fake(count), &mut frames).expect("a free frame");
        Space::new(tables, frames, Isolation::Mpk)
    }

    #[test]
    fn mapped_pages_have_their_areas_key_and_cleared_frames() {
        let mut space = space(32);
        space.tables.physical().words(Frame::from_number(6))[7]
            .store(99, core::sync::atomic::Ordering::Relaxed);
        assert_eq!(space.map(HEAP, 3, 0), Ok(()));
        for page in 0..3 {
            let entry = space.tables.find(HEAP + page * PAGE_SIZE);
            let frame = entry.frame().expect("present");
            assert_eq!(
                entry,
                Entry::user(frame, Area::App, Rights::Write, Keys::On)
            );
            assert_eq!(space.frames.owner(frame), Owner::area(Area::App));
            let words = space.tables.physical().words(frame);
            assert!(
                words
                    .iter()
                    .all(|word| word.load(core::sync::atomic::Ordering::Relaxed) == 0)
            );
        }
        assert!(space.tables.find(HEAP + 3 * PAGE_SIZE).is_empty());
    }

    #[test]
    fn what_is_mapped_is_not_mapped_again() {
        let mut space = space(32);
        assert_eq!(space.map(HEAP + PAGE_SIZE, 1, map_flags::LAZY), Ok(()));
        assert_eq!(space.map(HEAP, 3, 0), Err(error::BAD_ADDRESS));
        assert!(space.tables.find(HEAP).is_empty(), "nothing happened");
    }

    #[test]
    fn a_failed_map_leaves_nothing_behind() {
        let mut space = space(12);
        let before = space.frames.free();
        assert_eq!(space.map(HEAP, 20, 0), Err(error::NO_MEMORY));
        assert_eq!(space.frames.free(), before - 3, "only the tables stay");
        assert!(space.tables.find(HEAP).is_empty());
    }

    #[test]
    fn unmapping_frees_the_frames() {
        let mut space = space(32);
        space.map(HEAP, 4, 0).expect("there is room");
        let before = space.frames.free();
        space.unmap(HEAP + PAGE_SIZE, 2).expect("it is mapped");
        assert_eq!(space.frames.free(), before + 2);
        assert!(space.tables.find(HEAP + PAGE_SIZE).is_empty());
        assert!(!space.tables.find(HEAP).is_empty());
    }

    #[test]
    fn a_stack_has_a_guard_below_that_goes_with_it() {
        let mut space = space(32);
        let stack = STACK + 16 * PAGE_SIZE;
        space.map(stack, 2, 0).expect("there is room");
        assert_eq!(
            space.tables.find(stack - PAGE_SIZE),
            Entry::guard(Area::Safe)
        );
        assert_eq!(space.map(stack - PAGE_SIZE, 1, 0), Err(error::BAD_ADDRESS));
        let above = stack + 2 * PAGE_SIZE;
        assert_eq!(space.map(above, 1, 0), Err(error::BAD_ADDRESS), "no gap");
        space.unmap(stack, 2).expect("it is mapped");
        assert!(space.tables.find(stack - PAGE_SIZE).is_empty());
    }

    #[test]
    fn a_promise_is_kept_at_the_first_touch() {
        let mut space = space(32);
        space.map(HEAP, 1, map_flags::LAZY).expect("there is room");
        let free = space.frames.free();
        assert!(space.tables.find(HEAP).has(Bits::LAZY));
        assert!(space.touch(HEAP + 123, Area::App));
        assert_eq!(space.frames.free(), free - 1);
        assert!(space.tables.find(HEAP).has(Bits::PRESENT));
    }

    #[test]
    fn images_devices_info_and_the_core_are_out_of_reach() {
        for address in [
            layout::APP.start,
            layout::SAFE.image().start,
            layout::UNSAFE.devices().start,
            layout::INFO.start,
            layout::GATE_PAGE,
            layout::CORE_CPU_PAGE,
            layout::PHYSICAL_MAP,
            HEAP + 1,
        ] {
            assert_eq!(place(address, 1), None, "{address:#x}");
        }
        assert_eq!(place(HEAP, 0), None);
        assert_eq!(place(HEAP, u64::MAX / PAGE_SIZE), None);
        assert_eq!(
            place(layout::APP.heap().end - PAGE_SIZE, 2),
            None,
            "over the end"
        );
    }
}
