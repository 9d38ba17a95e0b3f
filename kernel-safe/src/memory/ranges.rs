//! A set of addresses, as the ranges that make it up.
//!
//! The ranges are sorted, and none touches another, so what is in the set in
//! one piece is in one range.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use domains::layout::Region;

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

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.iter().map(|range| range.size()).sum()
    }

    /// Whether all of `part`, which is not empty, is in the set.
    pub fn contains(&self, part: Region) -> bool {
        self.around(part).is_some()
    }

    /// Adds `part`, of which nothing is in the set.
    ///
    /// # Errors
    ///
    /// There is no memory to note it; the set is as before.
    pub fn insert(&mut self, part: Region) -> Result<(), TryReserveError> {
        self.0.try_reserve(1)?;
        let mut part = part;
        let mut place = self.0.partition_point(|range| range.start < part.start);
        if self.0.get(place).is_some_and(|next| next.start == part.end) {
            part.end = self.0.remove(place).end;
        }
        let before = place.checked_sub(1).and_then(|before| self.0.get(before));
        if before.is_some_and(|before| before.end == part.start) {
            place = place.saturating_sub(1);
            part.start = self.0.remove(place).start;
        }
        self.0.insert(place, part);
        Ok(())
    }

    /// Takes `part` out. What is not in the set in one piece stays.
    ///
    /// # Errors
    ///
    /// There is no memory to note what is left; the set is as before.
    pub fn remove(&mut self, part: Region) -> Result<(), TryReserveError> {
        let Some(place) = self.around(part) else {
            return Ok(());
        };
        self.0.try_reserve(1)?;
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

    /// Which range `part` lies in.
    fn around(&self, part: Region) -> Option<usize> {
        let place = self.0.partition_point(|range| range.end <= part.start);
        let range = self.0.get(place)?;
        (range.start <= part.start && part.end <= range.end).then_some(place)
    }
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
        let size = model.iter().filter(|is_in| **is_in).count();
        assert_eq!(ranges.size(), size as u64);
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
