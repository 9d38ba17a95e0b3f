//! Walks and grows the page tables.
//!
//! Four levels; an entry of the lowest three may map a page. Tables are never
//! taken away again: a table stays where a region once was, so a reference to
//! one is good for ever. A huge page may become a table of its parts.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use core::{iter, slice};

use domains::layout::{self, PAGE_SIZE};

use super::entry::{Bits, Entry, span};
use super::frame::Frame;
use super::frames::Frames;
use super::owner::Owner;
use super::physical::{PhysicalMap, WORDS};

/// A table of any level.
pub(crate) type Table = &'static [AtomicU64; WORDS];
/// A place for an entry.
pub(crate) type Slot = &'static AtomicU64;

/// Places side by side: the address that the first is for, and the level of
/// their table.
type Run = (u64, u32, &'static [AtomicU64]);

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
        Leaf::of(slot(table, address, level), address, level)
    }

    /// All leaves from the one at `start` to the one at the end of so many
    /// pages. The caller may change their entries, but not the tables.
    pub(crate) fn leaves(self, start: u64, pages: u64) -> impl Iterator<Item = Leaf> {
        self.runs(start, pages).flat_map(|(address, level, slots)| {
            let addresses = (address..).step_by(PAGE_SIZE as usize);
            addresses
                .zip(slots)
                .map(move |(address, slot)| Leaf::of(slot, address, level))
        })
    }

    /// Whether nothing is mapped or promised in a range.
    pub(crate) fn is_unused(self, start: u64, pages: u64) -> bool {
        let is_unused = |slot| load(slot).is_empty();
        self.runs(start, pages)
            .all(|(_, _, slots)| slots.iter().all(is_unused))
    }

    /// The leaves of a range, those together that lie side by side.
    fn runs(self, start: u64, pages: u64) -> impl Iterator<Item = Run> {
        let end = start + pages * PAGE_SIZE;
        let mut next = start;
        iter::from_fn(move || {
            let address = next;
            (address < end).then_some(())?;
            let (table, level) = self.last_table(address);
            next = (address | (span(level.max(1)) - 1)) + 1;
            let slots = match level {
                0 => slots(table, address, end),
                _ => slice::from_ref(slot(table, address, level)),
            };
            Some((address, level, slots))
        })
    }

    /// The table in which the way to `address` ends, and its level.
    fn last_table(&self, address: u64) -> (Table, u32) {
        let mut table = self.map.words(self.root);
        for level in (1..=ROOT_LEVEL).rev() {
            let entry = load(slot(table, address, level));
            match entry.frame() {
                Some(next) if !entry.has(Bits::HUGE_PAGE) => table = self.map.words(next),
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
            store(leaf.slot, path(address, table));
        }
    }

    /// Puts the entry of a small page for `address` in its place; none if there can
    /// be no table for it.
    pub(crate) fn put(&self, address: u64, entry: Entry, frames: &mut Frames) -> Option<()> {
        let table = self.make(address, 0, frames)?;
        store(slot(table, address, 0), entry);
        Some(())
    }

    /// The table of `level` for `address`, made if need be; none if no frame is
    /// free, or a huge page is in the way.
    pub(crate) fn make(&self, address: u64, level: u32, frames: &mut Frames) -> Option<Table> {
        let mut above = (level + 1..=ROOT_LEVEL).rev();
        above.try_fold(self.map.words(self.root), |table, level| {
            let slot = slot(table, address, level);
            let mut entry = load(slot);
            if entry.is_empty() {
                entry = path(address, new_table(self.map, frames)?);
                store(slot, entry);
            }
            let next = entry.frame().filter(|_| !entry.has(Bits::HUGE_PAGE));
            Some(self.map.words(next?))
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
    /// The one for `address`, whose entry is in `slot` of a table of `level`.
    #[inline(always)]
    fn of(slot: Slot, address: u64, level: u32) -> Leaf {
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

/// The entry that leads to `table` on the way to `address`. The right to write
/// is the last level's to give; ring 3 has no way into the core's half.
fn path(address: u64, table: Frame) -> Entry {
    let user = match layout::CORE.contains(address) {
        true => Bits::empty(),
        false => Bits::USER_ACCESSIBLE,
    };
    Entry::core(table, user | Bits::WRITABLE)
}

const fn index(address: u64, level: u32) -> usize {
    (address >> (12 + 9 * level)) as usize % WORDS
}

fn new_table(map: PhysicalMap, frames: &mut Frames) -> Option<Frame> {
    let frame = frames.allocate(Owner::TABLE)?;
    map.zero(frame);
    Some(frame)
}
