//! Walks and grows the page tables.
//!
//! Four levels; ring 3 uses last-level entries only, the core also huge ones.
//! Tables are never taken away again: a table stays where a region once was,
//! so a reference to one is good for ever.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::layout::PAGE_SIZE;

use super::entry::{Bits, Entry};
use super::frame::Frame;
use super::frames::Frames;
use super::owner::Owner;
use super::physical::{PhysicalMap, WORDS};

/// A table of any level.
pub(crate) type Table = &'static [AtomicU64; WORDS];
/// A place for an entry.
pub(crate) type Slot = &'static AtomicU64;

/// The level of the table that the root is.
pub(crate) const ROOT_LEVEL: u32 = 3;

/// The tables of one CPU.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    map: PhysicalMap,
    root: Frame,
}

impl Tables {
    /// Tables that map nothing; none if no frame is free.
    pub(crate) fn new(map: PhysicalMap, frames: &mut Frames) -> Option<Tables> {
        let root = new_table(map, frames)?;
        Some(Tables { map, root })
    }

    /// The frame for CR3.
    pub(crate) fn root(&self) -> Frame {
        self.root
    }

    /// The view of memory that the tables are written through.
    pub(crate) fn physical(&self) -> PhysicalMap {
        self.map
    }

    /// The entry that decides about `address`: of the last level, or huge.
    pub(crate) fn find(&self, address: u64) -> Entry {
        let mut table = self.map.words(self.root);
        for level in (0..=ROOT_LEVEL).rev() {
            let entry = load(slot(table, address, level));
            match entry.frame() {
                Some(next) if level > 0 && !entry.has(Bits::HUGE) => {
                    table = self.map.words(next)
                }
                _ => return entry,
            }
        }
        Entry::EMPTY
    }

    /// The last-level table for `address`, if there is one.
    pub(crate) fn last_level(&self, address: u64) -> Option<Table> {
        (1..=ROOT_LEVEL)
            .rev()
            .try_fold(self.map.words(self.root), |table, level| {
                let entry = load(slot(table, address, level));
                let next = entry.frame()?;
                (!entry.has(Bits::HUGE)).then(|| self.map.words(next))
            })
    }

    /// The table of `level` for `address`, made if need be with `bits` in the
    /// entries that lead to it; none if no frame is free.
    pub(crate) fn make(
        &self,
        address: u64,
        level: u32,
        bits: Bits,
        frames: &mut Frames,
    ) -> Option<Table> {
        let above = level + 1..=ROOT_LEVEL;
        above
            .rev()
            .try_fold(self.map.words(self.root), |table, level| {
                let slot = slot(table, address, level);
                if let Some(next) = load(slot).frame() {
                    return Some(self.map.words(next));
                }
                let next = new_table(self.map, frames)?;
                store(slot, Entry::core(next, bits | Bits::WRITE));
                Some(self.map.words(next))
            })
    }

    /// The last-level slots of `pages` pages from `start`, where there is a
    /// table, with their addresses.
    pub(crate) fn slots(self, start: u64, pages: u64) -> impl Iterator<Item = (u64, Slot)> {
        let mut table = None;
        (0..pages).filter_map(move |page| {
            let address = start + page * PAGE_SIZE;
            if page == 0 || index(address, 0) == 0 {
                table = self.last_level(address);
            }
            table.map(|table| (address, slot(table, address, 0)))
        })
    }
}

/// The slot of `table`, a table of `level`, for `address`.
pub(crate) fn slot(table: Table, address: u64, level: u32) -> Slot {
    &table[index(address, level)]
}

/// Reads a slot.
pub(crate) fn load(slot: Slot) -> Entry {
    Entry::from_raw(slot.load(Relaxed))
}

/// Writes a slot: mapping, rights and key at once.
pub(crate) fn store(slot: Slot, entry: Entry) {
    slot.store(entry.raw(), Relaxed);
}

const fn index(address: u64, level: u32) -> usize {
    (address >> (12 + 9 * level)) as usize % WORDS
}

fn new_table(map: PhysicalMap, frames: &mut Frames) -> Option<Frame> {
    let frame = frames.allocate(Owner::TABLE)?;
    map.zero(frame);
    Some(frame)
}
