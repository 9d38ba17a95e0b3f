//! The address space of ring 3: what core calls may map, and first touches.
//!
//! A range belongs to a region of the layout, and the region says whose frames
//! these are: the caller chooses an address, never a key or an owner. Images
//! are mapped at boot and out of reach here. Where a range that is to have its
//! frames at once covers a whole huge page, and free frames lie right for it,
//! it gets one; who takes away a part of it divides it.

use domains::core_call::{error, map_flags, unmap_flags};
use domains::layout::{self, PAGE_SIZE};
use domains::{Area, Cell, Isolation};

use super::entry::{Entry, GUARD, Rights, span};
use super::frame::{Frame, pages_of};
use super::frames::Frames;
use super::owner::Owner;
use super::quarantine::{Quarantine, When};
use super::tables::{Tables, load, slot, slots, store};
use super::template::Template;
use crate::cpu::features::{Features, GIB_PAGES};

/// What ring 3 sees, and the frames that it is made of.
pub(crate) struct Space {
    /// The page tables.
    pub(crate) tables: Tables,
    /// Who owns which frame.
    pub(crate) frames: Frames,
    /// What was taken away and is not free yet.
    pub(crate) quarantine: Quarantine,
    /// What cells started with, by number.
    pub(crate) templates: [Template; Cell::ALL.len()],
    isolation: Isolation,
    /// The level of the tables whose entries may map the largest pages.
    largest: u32,
}

/// A range that core calls may map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) area: Area,
    pub(super) is_stack: bool,
}

/// What a range is to become.
#[derive(Clone, Copy, Debug)]
struct Wish {
    start: u64,
    /// What lies below is promised, the rest mapped at once.
    first_now: u64,
    end: u64,
    area: Area,
    /// The level of the tables whose entries may map the largest pages of it.
    largest: u32,
}

impl Space {
    /// The space over `tables`, which map the core already.
    pub(crate) fn new(tables: Tables, frames: Frames, isolation: Isolation) -> Space {
        Space {
            tables,
            frames,
            quarantine: Quarantine::new(),
            templates: [Template::default(); Cell::ALL.len()],
            isolation,
            largest: 1 + u32::from(Features::detect().has(GIB_PAGES)),
        }
    }

    /// Maps `pages` cleared pages at `address`, or promises them. If memory
    /// runs out, nothing is mapped.
    pub(crate) fn map(&mut self, address: u64, pages: u64, flags: u64) -> Result<(), i64> {
        if flags & !(map_flags::LAZY | map_flags::TOP) != 0 {
            return Err(error::INVALID);
        }
        // DEFENCE: map-place
        let place = place(address, pages).ok_or(error::BAD_ADDRESS)?;
        // DEFENCE: map-unused
        if !self.tables.is_unused(address, pages) {
            return Err(error::BAD_ADDRESS);
        }
        if place.is_stack {
            self.guard(address - PAGE_SIZE, place.area)?;
        }
        let mapped = self.map_all(&self.wish(address, pages, flags, place));
        mapped.ok_or_else(|| {
            self.take_away(address, pages, When::Now);
            error::NO_MEMORY
        })
    }

    /// Takes `pages` pages at `address` away and frees their frames, at once or
    /// when others are freed. If memory runs out, for a huge page has to be
    /// divided, nothing is taken.
    pub(crate) fn unmap(&mut self, address: u64, pages: u64, flags: u64) -> Result<(), i64> {
        let when = match flags {
            0 => When::Now,
            unmap_flags::LATER => When::Later,
            _ => return Err(error::INVALID),
        };
        // DEFENCE: unmap-place
        place(address, pages).ok_or(error::BAD_ADDRESS)?;
        self.divide_around(address, pages)?;
        self.take_away(address, pages, when);
        Ok(())
    }

    /// Keeps the promise of a lazy page of `area`; false if no frame is free.
    pub(crate) fn touch(&mut self, address: u64, area: Area) -> bool {
        let leaf = self.tables.leaf(address);
        let Some(frame) = self.frames.allocate_at_need(Owner::area(area)) else {
            return false;
        };
        // DEFENCE: touched-frames-zeroed
        self.tables.physical().zero(frame);
        leaf.set(self.user(frame, area, leaf.entry.rights()));
        true
    }

    /// Maps one page of the image, of the info pages or for devices. False if
    /// something is there already or no table could be made.
    pub(crate) fn place_page(&mut self, address: u64, entry: Entry) -> bool {
        let table = self.tables.make(address, 0, &mut self.frames);
        let slot = table.map(|table| slot(table, address, 0));
        let free = slot.filter(|slot| load(slot).is_empty());
        free.map(|slot| store(slot, entry)).is_some()
    }

    /// Maps cleared frames that lie in a row at `address`, with room for `size`
    /// bytes, for good; the first of them. None if something is there already, or
    /// memory runs out.
    pub(crate) fn place_row(&mut self, address: u64, size: u64, area: Area) -> Option<Frame> {
        let pages = pages_of(size);
        let first = self.frames.allocate_run(pages, 1, Owner::area(area))?;
        for (page, frame) in first.run(pages).enumerate() {
            self.tables.physical().zero(frame);
            let entry = self.user(frame, area, Rights::Write);
            let is_placed = self.place_page(address + page as u64 * PAGE_SIZE, entry);
            is_placed.then_some(())?;
        }
        Some(first)
    }

    /// A page of ring 3 as this space's isolation wants it.
    pub(crate) fn user(&self, frame: Frame, area: Area, rights: Rights) -> Entry {
        Entry::user(frame, area, rights, self.isolation)
    }

    /// Makes both ends of a range ends of pages, too.
    pub(super) fn divide_around(&mut self, address: u64, pages: u64) -> Result<(), i64> {
        for end in [address, address + pages * PAGE_SIZE] {
            let divided = self.tables.divide(end, &mut self.frames);
            divided.ok_or(error::NO_MEMORY)?;
        }
        Ok(())
    }

    /// A cleared page of `area`, of the size that tables of `level` map.
    pub(super) fn fresh(&mut self, level: u32, area: Area, rights: Rights) -> Option<Entry> {
        let count = span(level) / PAGE_SIZE;
        let owner = Owner::area(area);
        let first = match level {
            0 => self.frames.allocate(owner)?,
            _ => self.frames.allocate_run(count, count, owner)?,
        };
        for frame in first.run(count) {
            // DEFENCE: mapped-frames-zeroed
            self.tables.physical().zero(frame);
        }
        let entry = self.user(first, area, rights);
        Some(if level > 0 { entry.huge() } else { entry })
    }

    /// What a call for `pages` pages at `address` asks for.
    fn wish(&self, address: u64, pages: u64, flags: u64, place: Place) -> Wish {
        let end = address + pages * PAGE_SIZE;
        let first_now = match flags {
            map_flags::LAZY => end,
            flags if flags & map_flags::LAZY == 0 => address,
            _ => end - PAGE_SIZE * pages.min(map_flags::TOP_PAGES),
        };
        Wish {
            start: address,
            first_now,
            end,
            area: place.area,
            largest: match (place.is_stack, flags) {
                (false, 0) => self.largest,
                _ => 0,
            },
        }
    }

    /// Maps or promises a range where nothing is mapped; none if memory runs
    /// out in its midst.
    fn map_all(&mut self, wish: &Wish) -> Option<()> {
        let mut at = wish.start;
        while at < wish.end {
            at = self
                .map_huge(at, wish)
                .or_else(|| self.map_small(at, wish))?;
        }
        Some(())
    }

    /// Maps the largest page that fits at `address`, if one does and frames lie
    /// right for it; its end.
    fn map_huge(&mut self, address: u64, wish: &Wish) -> Option<u64> {
        let free = self.tables.leaf(address).level;
        let mut levels = (1..=wish.largest.min(free)).rev();
        levels.find_map(|level| {
            let end = address + span(level);
            let fits = address.is_multiple_of(span(level)) && end <= wish.end;
            fits.then_some(())?;
            let table = self.tables.make(address, level, &mut self.frames)?;
            let entry = self.fresh(level, wish.area, Rights::Write)?;
            store(slot(table, address, level), entry);
            Some(end)
        })
    }

    /// Maps or promises small pages from `address` on, as far as their table
    /// goes; their end.
    fn map_small(&mut self, address: u64, wish: &Wish) -> Option<u64> {
        let table = self.tables.make(address, 0, &mut self.frames)?;
        let end = wish.end.min((address + 1).next_multiple_of(span(1)));
        let now = wish.first_now.clamp(address, end);
        let promise = Entry::lazy(wish.area);
        for slot in slots(table, address, now) {
            store(slot, promise);
        }
        for slot in slots(table, now, end) {
            store(slot, self.fresh(0, wish.area, Rights::Write)?);
        }
        Some(end)
    }

    /// Marks the page below a stack, unless another stack ends there.
    fn guard(&mut self, address: u64, area: Area) -> Result<(), i64> {
        let before = self.tables.find(address);
        if !before.is_empty() && !before.has(GUARD) {
            return Err(error::BAD_ADDRESS);
        }
        let entry = Entry::guard(area);
        let put = self.tables.put(address, entry, &mut self.frames);
        put.ok_or(error::NO_MEMORY)
    }
}

/// Whose range this is; none if core calls may not map it.
pub(super) fn place(address: u64, pages: u64) -> Option<Place> {
    let size = pages.checked_mul(PAGE_SIZE)?;
    if pages == 0 || !address.is_multiple_of(PAGE_SIZE) {
        return None;
    }
    let area = layout::area_of(address).filter(|area| *area != Area::Info)?;
    let region = layout::region_of(area)?;
    let is_heap = region.heap().contains_range(address, size);
    let is_stack = region.stacks().contains_range(address, size);
    (is_heap || is_stack).then_some(Place { area, is_stack })
}

#[cfg(test)]
pub(crate) mod tests;
