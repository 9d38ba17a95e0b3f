//! Walks and grows the page tables.
//!
//! Four levels; an entry of the lowest three may map a page. Tables are never
//! taken away again: a table stays where a region once was, so a reference to
//! one is good for ever. A huge page may become a table of its parts.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use core::{iter, slice};

use domains::layout::PAGE_SIZE;

use super::entry::{Bits, Entry, span};
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

    /// The entry that decides about `address`.
    pub(crate) fn find(&self, address: u64) -> Entry {
        self.leaf(address).entry
    }

    /// The physical address of the byte at `address`, if it is mapped.
    pub(crate) fn translate(&self, address: u64) -> Option<u64> {
        let leaf = self.leaf(address);
        let frame = leaf.entry.frame()?;
        Some(frame.address() + (address - leaf.address))
    }

    /// Where the way to `address` ends.
    pub(crate) fn leaf(&self, address: u64) -> Leaf {
        let (table, level) = self.last_table(address);
        Leaf::of(table, address, level)
    }

    /// All leaves from the one at `start` to the one at the end of so many
    /// pages. The caller may change their entries, but not the tables.
    pub(crate) fn leaves(self, start: u64, pages: u64) -> impl Iterator<Item = Leaf> {
        let end = start + pages * PAGE_SIZE;
        let mut next = start;
        let mut table = None;
        iter::from_fn(move || {
            if next >= end {
                return None;
            }
            // Most leaves lie in the same table as the one before.
            if let Some(table) = table.filter(|_| !next.is_multiple_of(span(1))) {
                let leaf = Leaf::of(table, next, 0);
                next += PAGE_SIZE;
                return Some(leaf);
            }
            let (last, level) = self.last_table(next);
            table = (level == 0).then_some(last);
            let leaf = Leaf::of(last, next, level);
            next = leaf.address + span(level);
            Some(leaf)
        })
    }

    /// Whether nothing is mapped or promised in a range.
    pub(crate) fn is_unused(&self, start: u64, pages: u64) -> bool {
        let end = start + pages * PAGE_SIZE;
        let mut next = start;
        while next < end {
            let (table, level) = self.last_table(next);
            let slots = match level {
                0 => slots(table, next, end),
                _ => slice::from_ref(slot(table, next, level)),
            };
            if slots.iter().any(|slot| !load(slot).is_empty()) {
                return false;
            }
            next = (next | (span(level.max(1)) - 1)) + 1;
        }
        true
    }

    /// The table in which the way to `address` ends, and its level.
    fn last_table(&self, address: u64) -> (Table, u32) {
        let mut table = self.map.words(self.root);
        for level in (1..=ROOT_LEVEL).rev() {
            let entry = load(slot(table, address, level));
            match entry.frame() {
                Some(next) if !entry.has(Bits::HUGE) => table = self.map.words(next),
                _ => return (table, level),
            }
        }
        (table, 0)
    }

    /// Divides the huge page around `address`, if there is one that does not
    /// begin there; none if no frame is free for a table.
    pub(crate) fn divide(&self, address: u64, frames: &mut Frames) -> Option<()> {
        loop {
            let leaf = self.leaf(address);
            if leaf.address == address || leaf.entry.is_empty() || leaf.level == 0 {
                return Some(());
            }
            let table = new_table(self.map, frames)?;
            for (index, slot) in self.map.words(table).iter().enumerate() {
                store(slot, leaf.entry.part(leaf.level, index as u64));
            }
            store(leaf.slot, Entry::core(table, Bits::USER | Bits::WRITE));
        }
    }

    /// The table of `level` for `address`, made if need be with `bits` in the
    /// entries that lead to it; none if no frame is free, or a huge page is in
    /// the way.
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
                let entry = load(slot);
                if let Some(next) = entry.frame() {
                    return (!entry.has(Bits::HUGE)).then(|| self.map.words(next));
                }
                if !entry.is_empty() {
                    return None;
                }
                let next = new_table(self.map, frames)?;
                store(slot, Entry::core(next, bits | Bits::WRITE));
                Some(self.map.words(next))
            })
    }
}

/// An entry that leads to no table, and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// The first address that it decides about.
    pub(crate) address: u64,
    /// The level of its table.
    pub(crate) level: u32,
    /// Its place.
    pub(crate) slot: Slot,
    /// What was read there.
    pub(crate) entry: Entry,
}

impl Leaf {
    /// The one for `address` in `table`, a table of `level`.
    #[inline(always)]
    fn of(table: Table, address: u64, level: u32) -> Leaf {
        let slot = slot(table, address, level);
        Leaf {
            address: address & !(span(level) - 1),
            level,
            slot,
            entry: load(slot),
        }
    }

    /// How many pages it decides about.
    pub(crate) const fn pages(&self) -> u64 {
        span(self.level) / PAGE_SIZE
    }

    /// Puts another entry there.
    pub(crate) fn set(&self, entry: Entry) {
        store(self.slot, entry);
    }
}

/// The slot of `table`, a table of `level`, for `address`.
pub(crate) fn slot(table: Table, address: u64, level: u32) -> Slot {
    &table[index(address, level)]
}

/// The slots of `table`, a table of the lowest level, from the one for `start`
/// to the last one below `end`, or to the table's end.
pub(crate) fn slots(table: Table, start: u64, end: u64) -> &'static [AtomicU64] {
    let pages = (end - start) / PAGE_SIZE;
    let behind = &table[index(start, 0)..];
    &behind[..behind.len().min(pages as usize)]
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
