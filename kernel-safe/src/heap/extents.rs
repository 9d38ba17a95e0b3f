//! Which extents of the heap's region are in use.
//!
//! The region is cut into slots of one size, and an extent has one slot or
//! several. The lowest free ones are taken first, so that addresses, and the
//! core's page tables for them, are used again. One extent that is all free is
//! kept: who allocates and frees across the end of one would else ask the core
//! each time.

use domains::layout::Region;

/// The least bytes of an extent.
pub const EXTENT_MIN: u64 = 64 << 10;

/// How many slots there are.
const SLOTS: usize = 1 << 15;
const WORD: usize = u64::BITS as usize;

/// The extents of a heap.
#[derive(Debug)]
pub struct Extents {
    /// Where the region starts.
    start: u64,
    /// A bit for each slot in use.
    used: [u64; SLOTS / WORD],
    /// Bytes of all that are in use.
    size: u64,
    /// The extent that is kept although it is all free.
    spare: Option<u64>,
}

impl Extents {
    /// None, in a region that starts at `start`.
    pub const fn new(start: u64) -> Extents {
        Extents {
            start,
            used: [0; SLOTS / WORD],
            size: 0,
            spare: None,
        }
    }

    /// Takes an extent of at least `size` bytes, if the heap does not become
    /// larger than `limit` by it. The limit is always the same.
    pub fn take(&mut self, size: u64, limit: u64) -> Option<Region> {
        // Something is to be allocated that a free extent has no room for, or
        // there is none.
        self.spare = None;
        let slot = slot_size(limit);
        let count = usize::try_from(size.max(1).div_ceil(slot)).ok()?;
        let size = slot.checked_mul(count as u64)?;
        // DEFENCE: heap-limit
        self.size.checked_add(size).filter(|all| *all <= limit)?;
        let first = self.find(count)?;
        self.mark(first, count, true);
        self.size = self.size.saturating_add(size);
        let offset = slot.checked_mul(first as u64)?;
        Some(Region::new(self.start.checked_add(offset)?, size))
    }

    /// Whether `extent`, which is all free, is kept for what comes next.
    pub fn keeps(&mut self, extent: Region, limit: u64) -> bool {
        if extent.size() > slot_size(limit) {
            return false;
        }
        *self.spare.get_or_insert(extent.start) == extent.start
    }

    /// Gives an extent back, which was taken.
    pub fn give_back(&mut self, extent: Region, limit: u64) {
        let slot = slot_size(limit);
        let first = extent.start.saturating_sub(self.start) / slot;
        let count = extent.size() / slot;
        if let (Ok(first), Ok(count)) = (usize::try_from(first), usize::try_from(count)) {
            self.mark(first, count, false);
            self.size = self.size.saturating_sub(extent.size());
        }
    }

    /// The first of the lowest `count` free slots that follow each other.
    fn find(&self, count: usize) -> Option<usize> {
        let mut slot: usize = 0;
        let mut free: usize = 0;
        while free < count {
            let word = self.used.get(slot / WORD)?;
            if slot.is_multiple_of(WORD) && *word == u64::MAX {
                free = 0;
                slot = slot.checked_add(WORD)?;
                continue;
            }
            let is_used = *word >> (slot % WORD) & 1 != 0;
            free = if is_used { 0 } else { free.checked_add(1)? };
            slot = slot.checked_add(1)?;
        }
        slot.checked_sub(count)
    }

    fn mark(&mut self, first: usize, count: usize, is_used: bool) {
        for slot in first..first.saturating_add(count) {
            if let Some(word) = self.used.get_mut(slot / WORD) {
                let bit = 1 << (slot % WORD);
                *word = if is_used { *word | bit } else { *word & !bit };
            }
        }
    }
}

/// Bytes of a slot, so that all slots together are as large as the heap can be.
fn slot_size(limit: u64) -> u64 {
    let least = limit.div_ceil(SLOTS as u64).max(EXTENT_MIN);
    least.checked_next_power_of_two().unwrap_or(1 << 63)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const START: u64 = 1 << 40;
    const LIMIT: u64 = 32 << 20;

    #[test]
    fn the_heap_has_half_and_no_more() {
        for limit in [EXTENT_MIN * 3, LIMIT, 3 << 40] {
            let slot = slot_size(limit);
            assert!(slot * SLOTS as u64 >= limit);
            let mut extents = Extents::new(START);
            let all: Vec<Region> = core::iter::from_fn(|| extents.take(1, limit)).collect();
            assert_eq!(all.len() as u64, limit / slot);
            assert!(limit - extents.size < slot);
            let last = all[all.len() - 1];
            extents.give_back(last, limit);
            assert_eq!(extents.take(slot + 1, limit), None);
            assert_eq!(extents.take(slot, limit), Some(last));
        }
    }

    #[test]
    fn one_free_extent_is_kept() {
        let mut extents = Extents::new(START);
        let mut take = |size| extents.take(size, LIMIT).expect("there is room");
        let (large, first, second) = (take(EXTENT_MIN * 2), take(1), take(1));
        assert!(!extents.keeps(large, LIMIT));
        assert!(extents.keeps(first, LIMIT) && !extents.keeps(second, LIMIT));
        assert!(extents.keeps(first, LIMIT), "however often it is free");
        // What was kept is in use again when there is need for another.
        let third = extents.take(1, LIMIT).expect("there is room");
        assert!(extents.keeps(third, LIMIT) && !extents.keeps(first, LIMIT));
    }

    proptest! {
        #[test]
        fn no_slot_is_in_use_twice(
            steps in proptest::collection::vec((any::<bool>(), 1..9_u64, any::<usize>()), 0..200),
        ) {
            let mut extents = Extents::new(START);
            let mut taken: Vec<Region> = Vec::new();
            for (is_take, count, which) in steps {
                if is_take {
                    let size = count * EXTENT_MIN - 5;
                    let extent = extents.take(size, LIMIT).expect("there is room");
                    prop_assert!(extent.size() >= size && extent.start >= START);
                    let is_apart = |other: &Region| {
                        other.end <= extent.start || extent.end <= other.start
                    };
                    prop_assert!(taken.iter().all(is_apart));
                    taken.push(extent);
                } else if !taken.is_empty() {
                    extents.give_back(taken.swap_remove(which % taken.len()), LIMIT);
                }
                let size: u64 = taken.iter().map(Region::size).sum();
                prop_assert_eq!(extents.size, size);
            }
            while let Some(extent) = taken.pop() {
                extents.give_back(extent, LIMIT);
            }
            prop_assert_eq!(extents.used, [0; SLOTS / WORD]);
        }
    }
}
