//! A set of addresses, as the ranges that make it up.
//!
//! The ranges are sorted, and none touches another, so what is in the set in
//! one piece is in one range. There is a limit to their number: it bounds what
//! it takes to look through them.

use alloc::vec::Vec;

use domains::layout::Region;

use crate::errno::Errno;

/// The most ranges of a set.
const RANGES_MAX: usize = 1 << 16;

/// The set.
#[derive(Debug, Default)]
pub struct Ranges(Vec<Region>);

impl Ranges {
    /// The empty set.
    pub const fn new() -> Ranges {
        Ranges(Vec::new())
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = Region> {
        self.0.iter().copied()
    }

    /// The range with the highest addresses.
    pub fn last(&self) -> Option<Region> {
        self.0.last().copied()
    }

    /// Whether all of `part`, which is not empty, is in the set.
    pub fn contains(&self, part: Region) -> bool {
        self.around(part).is_some()
    }

    /// Adds `part`, of which nothing is in the set. What was just removed can
    /// always be put back.
    ///
    /// # Errors
    ///
    /// There is no memory to note it; the set is as before.
    pub fn insert(&mut self, part: Region) -> Result<(), Errno> {
        let mut part = part;
        let mut place = self.0.partition_point(|range| range.start < part.start);
        let touches_next = self.0.get(place).is_some_and(|next| next.start == part.end);
        let before = place.checked_sub(1).and_then(|before| self.0.get(before));
        let touches_before = before.is_some_and(|before| before.end == part.start);
        if !touches_next && !touches_before {
            self.reserve()?;
        }
        if touches_next {
            part.end = self.0.remove(place).end;
        }
        if touches_before {
            place = place.saturating_sub(1);
            part.start = self.0.remove(place).start;
        }
        self.0.insert(place, part);
        Ok(())
    }

    /// Takes `part` out. What is not in the set in one piece stays. What was
    /// just added can always be taken out.
    ///
    /// # Errors
    ///
    /// There is no memory to note what is left; the set is as before.
    pub fn remove(&mut self, part: Region) -> Result<(), Errno> {
        let Some(place) = self.around(part) else {
            return Ok(());
        };
        if self.0.get(place).is_some_and(|whole| splits(*whole, part)) {
            self.reserve()?;
        }
        let whole = self.0.remove(place);
        let below = Region {
            start: whole.start,
            end: part.start,
        };
        let above = Region {
            start: part.end,
            end: whole.end,
        };
        for rest in [above, below] {
            if rest.start < rest.end {
                self.0.insert(place, rest);
            }
        }
        Ok(())
    }

    /// Makes room for one range more.
    fn reserve(&mut self) -> Result<(), Errno> {
        // DEFENCE: ranges-are-bounded
        if self.0.len() >= RANGES_MAX {
            return Err(Errno::NoMemory);
        }
        Ok(self.0.try_reserve(1)?)
    }

    /// Which range `part` lies in.
    fn around(&self, part: Region) -> Option<usize> {
        let place = self.0.partition_point(|range| range.end <= part.start);
        let range = self.0.get(place)?;
        (range.start <= part.start && part.end <= range.end).then_some(place)
    }
}

/// Whether `whole` without `part` is two ranges.
const fn splits(whole: Region, part: Region) -> bool {
    whole.start < part.start && part.end < whole.end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: usize = 64;

    fn step() -> impl Strategy<Value = (bool, usize, usize)> {
        (any::<bool>(), 0..SIZE, 1..12_usize)
    }

    fn check(ranges: &Ranges, model: &[bool]) {
        for (place, is_in) in model.iter().enumerate() {
            assert_eq!(ranges.contains(Region::new(place as u64, 1)), *is_in);
        }
        assert!(
            ranges
                .0
                .is_sorted_by(|below, above| below.end < above.start)
        );
        let size: u64 = ranges.iter().map(|range| range.size()).sum();
        assert_eq!(size, model.iter().filter(|is_in| **is_in).count() as u64);
    }

    const fn range(start: u64, end: u64) -> Region {
        Region { start, end }
    }

    /// What is in a set, to the last place that it has room for.
    fn full(parts: &[Region]) -> Ranges {
        let mut all = Vec::with_capacity(parts.len());
        all.extend_from_slice(parts);
        Ranges(all)
    }

    #[test]
    fn what_was_removed_goes_back_without_memory() {
        for part in [range(10, 12), range(13, 17), range(18, 20)] {
            let mut ranges = full(&[range(0, 5), range(10, 20)]);
            ranges.remove(part).expect("there is memory");
            ranges.0.shrink_to_fit();
            let room = ranges.0.capacity();
            ranges.insert(part).expect("there is memory");
            assert_eq!(ranges.0.capacity(), room, "{part:?}");
        }
    }

    #[test]
    fn what_was_added_goes_out_without_memory() {
        for part in [range(5, 10), range(5, 7), range(8, 10), range(6, 8)] {
            let mut ranges = full(&[range(0, 5), range(10, 20)]);
            ranges.insert(part).expect("there is memory");
            let room = ranges.0.capacity();
            ranges.remove(part).expect("there is memory");
            assert_eq!(ranges.0.capacity(), room, "{part:?}");
        }
    }

    #[test]
    fn there_are_only_so_many_ranges() {
        let mut ranges = Ranges::new();
        for number in 0..RANGES_MAX as u64 {
            ranges
                .insert(range(3 * number, 3 * number + 2))
                .expect("room");
        }
        let before = ranges.last();
        assert_eq!(ranges.insert(range(1 << 40, 1 << 41)), Err(Errno::NoMemory));
        assert_eq!(ranges.last(), before);
        assert_eq!(ranges.insert(range(2, 3)), Ok(()), "it joins two");
        assert_eq!(ranges.remove(range(2, 3)), Ok(()), "it divides them");
        assert_eq!(ranges.remove(range(0, 1)), Ok(()), "it divides nothing");
    }

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in(steps in proptest::collection::vec(step(), 0..100)) {
            let mut ranges = Ranges::new();
            let mut model = [false; SIZE];
            for (adds, start, size) in steps {
                let end = (start + size).min(SIZE);
                let part = Region { start: start as u64, end: end as u64 };
                let slots = &mut model[start..end];
                let all = slots.iter().all(|is_in| *is_in);
                prop_assert_eq!(ranges.contains(part), all);
                if adds && slots.iter().all(|is_in| !is_in) {
                    ranges.insert(part).expect("there is memory");
                    slots.fill(true);
                } else if !adds {
                    ranges.remove(part).expect("there is memory");
                    if all {
                        slots.fill(false);
                    }
                }
                check(&ranges, &model);
            }
        }
    }
}
