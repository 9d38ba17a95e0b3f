//! The address space of ring 3: what core calls may map, and first touches.
//!
//! A range belongs to a region of the layout, and the region says whose frames
//! these are: the caller chooses an address, never a key, an owner or a right
//! to execute. Images are mapped at boot and out of reach here.

use core::sync::atomic::AtomicU64;

use domains::core_call::{error, map_flags};
use domains::layout::{self, PAGE_SIZE, Region};
use domains::{Area, Isolation};

use super::entry::{Bits, Entry, Keys, Rights};
use super::frame::Frame;
use super::frames::Frames;
use super::owner::Owner;
use super::tables::{Tables, load, store};
use crate::cpu::tlb;

/// The bits of an entry that leads to pages of ring 3. The right to write is
/// the last level's to give.
const PATH: Bits = Bits::USER;

/// The tables, and whether their entries carry keys.
pub(crate) struct Space {
    /// The page tables.
    pub(crate) tables: Tables,
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
    pub(crate) fn new(tables: Tables, isolation: Isolation) -> Space {
        let keys = match isolation {
            Isolation::Mpk => Keys::On,
            Isolation::None => Keys::Off,
        };
        Space { tables, keys }
    }

    /// Maps `pages` cleared pages at `address`, or promises them.
    pub(crate) fn map(
        &mut self,
        address: u64,
        pages: u64,
        flags: u64,
        frames: &mut Frames,
    ) -> Result<(), i64> {
        if flags & !map_flags::LAZY != 0 {
            return Err(error::INVALID);
        }
        let place = place(address, pages).ok_or(error::BAD_ADDRESS)?;
        let guards = u64::from(place.is_stack);
        self.reserve(address - guards * PAGE_SIZE, pages + guards, frames)?;
        if self.is_taken(address, pages) || (place.is_stack && !self.guard(address, place.area))
        {
            return Err(error::BAD_ADDRESS);
        }
        if flags & map_flags::LAZY != 0 {
            self.promise(address, pages, place.area);
            return Ok(());
        }
        self.fill(address, pages, place.area, frames)
            .inspect_err(|_| {
                self.clear(address, pages, place, frames);
            })
    }

    /// Takes `pages` pages at `address` away and frees their frames.
    pub(crate) fn unmap(
        &mut self,
        address: u64,
        pages: u64,
        frames: &mut Frames,
    ) -> Result<(), i64> {
        let place = place(address, pages).ok_or(error::BAD_ADDRESS)?;
        self.clear(address, pages, place, frames);
        Ok(())
    }

    /// Keeps the promise of a lazy page; false if no frame is free.
    pub(crate) fn touch(&mut self, address: u64, area: Area, frames: &mut Frames) -> bool {
        let page = address & !(PAGE_SIZE - 1);
        self.fill_promised(page, area, frames).is_some()
    }

    /// Maps one page of the image, of the info pages or of a device. False if
    /// something is there already or no table could be made.
    pub(crate) fn place_page(
        &mut self,
        address: u64,
        entry: Entry,
        frames: &mut Frames,
    ) -> bool {
        if self.tables.make(address, 0, PATH, frames).is_none() {
            return false;
        }
        let slot = self
            .tables
            .slots(address, 1)
            .next()
            .and_then(|(_, slot)| slot);
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

    /// Makes the tables of a range.
    fn reserve(&mut self, address: u64, pages: u64, frames: &mut Frames) -> Result<(), i64> {
        const SPAN: u64 = 512 * PAGE_SIZE;
        let end = address + pages * PAGE_SIZE;
        let mut at = address;
        while at < end {
            self.tables
                .make(at, 0, PATH, frames)
                .ok_or(error::NO_MEMORY)?;
            at = (at + 1).next_multiple_of(SPAN);
        }
        Ok(())
    }

    fn is_taken(&self, address: u64, pages: u64) -> bool {
        self.present_slots(address, pages)
            .any(|(_, slot)| !load(slot).is_empty())
    }

    /// Marks the page below a stack; false if another stack ends there.
    fn guard(&mut self, address: u64, area: Area) -> bool {
        self.present_slots(address - PAGE_SIZE, 1).all(|(_, slot)| {
            let before = load(slot);
            let is_free = before.is_empty() || before.has(Bits::GUARD);
            if is_free {
                store(slot, Entry::guard(area));
            }
            is_free
        })
    }

    fn promise(&mut self, address: u64, pages: u64, area: Area) {
        for (_, slot) in self.present_slots(address, pages) {
            store(slot, Entry::lazy(area));
        }
    }

    fn fill(
        &mut self,
        address: u64,
        pages: u64,
        area: Area,
        frames: &mut Frames,
    ) -> Result<(), i64> {
        for (_, slot) in self.present_slots(address, pages) {
            let entry = self.fresh(area, frames).ok_or(error::NO_MEMORY)?;
            store(slot, entry);
        }
        Ok(())
    }

    fn fill_promised(&mut self, page: u64, area: Area, frames: &mut Frames) -> Option<()> {
        let (_, slot) = self.present_slots(page, 1).next()?;
        store(slot, self.fresh(area, frames)?);
        Some(())
    }

    /// A cleared page of `area`.
    fn fresh(&self, area: Area, frames: &mut Frames) -> Option<Entry> {
        let frame = frames.allocate(Owner::Area(area))?;
        self.tables.physical().zero(frame);
        Some(self.user(frame, area, Rights::Write))
    }

    fn clear(&mut self, address: u64, pages: u64, place: Place, frames: &mut Frames) {
        for (address, slot) in self.present_slots(address, pages) {
            let frame = load(slot).frame();
            store(slot, Entry::EMPTY);
            if let Some(frame) = frame {
                tlb::flush(address);
                frames.release(frame);
            }
        }
        if place.is_stack {
            let below = self.present_slots(address - PAGE_SIZE, 1);
            below
                .filter(|(_, slot)| load(slot).has(Bits::GUARD))
                .for_each(|(_, slot)| {
                    store(slot, Entry::EMPTY);
                });
        }
    }

    fn present_slots(
        &self,
        address: u64,
        pages: u64,
    ) -> impl Iterator<Item = (u64, &'static AtomicU64)> {
        self.tables
            .slots(address, pages)
            .filter_map(|(address, slot)| Some((address, slot?)))
    }
}

/// Whose range this is; none if core calls may not map it.
fn place(address: u64, pages: u64) -> Option<Place> {
    let size = pages.checked_mul(PAGE_SIZE)?;
    if pages == 0 || !address.is_multiple_of(PAGE_SIZE) {
        return None;
    }
    if layout::FRAMES.contains_range(address, size) {
        return Some(Place {
            area: Area::Frames,
            is_stack: false,
        });
    }
    [Area::Safe, Area::Unsafe, Area::App]
        .into_iter()
        .find_map(|area| {
            let region: Region = layout::region_of(area)?;
            let is_stack = region.stacks().contains_range(address, size);
            (is_stack || region.heap().contains_range(address, size))
                .then_some(Place { area, is_stack })
        })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;
    use std::vec;

    use super::*;
    use crate::memory::physical;

    const HEAP: u64 = layout::APP.heap().start;
    const STACK: u64 = layout::SAFE.stacks().start;

    fn space(count: usize) -> (Space, Frames) {
        let mut frames = Frames::new(Box::leak(vec![0; count].into_boxed_slice()));
        frames.declare(0, count as u64, Owner::Free);
        let tables = Tables::new(physical::fake(count), &mut frames).expect("a free frame");
        (Space::new(tables, Isolation::Mpk), frames)
    }

    #[test]
    fn mapped_pages_have_their_areas_key_and_cleared_frames() {
        let (mut space, mut frames) = space(32);
        space.tables.physical().words(Frame::from_number(6))[7]
            .store(99, core::sync::atomic::Ordering::Relaxed);
        assert_eq!(space.map(HEAP, 3, 0, &mut frames), Ok(()));
        for page in 0..3 {
            let entry = space.tables.find(HEAP + page * PAGE_SIZE);
            let frame = entry.frame().expect("present");
            assert_eq!(
                entry,
                Entry::user(frame, Area::App, Rights::Write, Keys::On)
            );
            assert_eq!(frames.owner(frame), Owner::Area(Area::App));
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
        let (mut space, mut frames) = space(32);
        assert_eq!(
            space.map(HEAP + PAGE_SIZE, 1, map_flags::LAZY, &mut frames),
            Ok(())
        );
        assert_eq!(space.map(HEAP, 3, 0, &mut frames), Err(error::BAD_ADDRESS));
        assert!(space.tables.find(HEAP).is_empty(), "nothing happened");
    }

    #[test]
    fn a_failed_map_leaves_nothing_behind() {
        let (mut space, mut frames) = space(12);
        let before = frames.free();
        assert_eq!(space.map(HEAP, 20, 0, &mut frames), Err(error::NO_MEMORY));
        assert_eq!(frames.free(), before - 3, "only the tables stay");
        assert!(space.tables.find(HEAP).is_empty());
    }

    #[test]
    fn unmapping_frees_the_frames() {
        let (mut space, mut frames) = space(32);
        space.map(HEAP, 4, 0, &mut frames).expect("there is room");
        let before = frames.free();
        space
            .unmap(HEAP + PAGE_SIZE, 2, &mut frames)
            .expect("it is mapped");
        assert_eq!(frames.free(), before + 2);
        assert!(space.tables.find(HEAP + PAGE_SIZE).is_empty());
        assert!(!space.tables.find(HEAP).is_empty());
    }

    #[test]
    fn a_stack_has_a_guard_below_that_goes_with_it() {
        let (mut space, mut frames) = space(32);
        let stack = STACK + 16 * PAGE_SIZE;
        space.map(stack, 2, 0, &mut frames).expect("there is room");
        assert_eq!(
            space.tables.find(stack - PAGE_SIZE),
            Entry::guard(Area::Safe)
        );
        assert_eq!(
            space.map(stack - PAGE_SIZE, 1, 0, &mut frames),
            Err(error::BAD_ADDRESS)
        );
        let above = stack + 2 * PAGE_SIZE;
        assert_eq!(
            space.map(above, 1, 0, &mut frames),
            Err(error::BAD_ADDRESS),
            "no gap"
        );
        space.unmap(stack, 2, &mut frames).expect("it is mapped");
        assert!(space.tables.find(stack - PAGE_SIZE).is_empty());
    }

    #[test]
    fn a_promise_is_kept_at_the_first_touch() {
        let (mut space, mut frames) = space(32);
        space
            .map(HEAP, 1, map_flags::LAZY, &mut frames)
            .expect("there is room");
        let free = frames.free();
        assert!(space.tables.find(HEAP).has(Bits::LAZY));
        assert!(space.touch(HEAP + 123, Area::App, &mut frames));
        assert_eq!(frames.free(), free - 1);
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
