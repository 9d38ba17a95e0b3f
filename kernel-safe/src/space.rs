//! A range of addresses, parts of which are in use.

use alloc::vec::Vec;

use domains::layout::Region;

/// The free parts of a region.
#[derive(Debug)]
pub struct Space {
    /// Nobody has used anything from here on.
    fresh: u64,
    end: u64,
    /// Parts below `fresh` that were given back: sorted, none touching another.
    holes: Vec<Region>,
}

impl Space {
    /// A region that is all free.
    pub const fn new(region: Region) -> Space {
        Space {
            fresh: region.start,
            end: region.end,
            holes: Vec::new(),
        }
    }

    /// Takes `size` bytes; where they start.
    pub fn take(&mut self, size: u64) -> Option<u64> {
        let hole = self.holes.iter().position(|hole| hole.size() >= size);
        match hole {
            Some(place) => self.take_from_hole(place, size),
            None => self.take_fresh(size),
        }
    }

    /// Gives `size` bytes at `start` back, which were taken.
    ///
    /// Where there is no memory to note them, they are lost.
    pub fn give_back(&mut self, start: u64, size: u64) {
        let mut part = Region {
            start,
            end: start.saturating_add(size),
        };
        let place = self.holes.partition_point(|hole| hole.start < start);
        if self
            .holes
            .get(place)
            .is_some_and(|hole| hole.start == part.end)
        {
            part.end = self.holes.remove(place).end;
        }
        if !self.join_hole_before(place, part) && self.holes.try_reserve(1).is_ok() {
            self.holes.insert(place, part);
        }
        self.shrink();
    }

    /// Adds a part to the hole before `place` if it begins where that ends.
    fn join_hole_before(&mut self, place: usize, part: Region) -> bool {
        let before = place.checked_sub(1);
        let hole = before.and_then(|before| self.holes.get_mut(before));
        hole.filter(|hole| hole.end == part.start)
            .map(|hole| hole.end = part.end)
            .is_some()
    }

    fn take_from_hole(&mut self, place: usize, size: u64) -> Option<u64> {
        let hole = self.holes.get_mut(place)?;
        let start = hole.start;
        hole.start = start.checked_add(size)?;
        if hole.start == hole.end {
            self.holes.remove(place);
        }
        Some(start)
    }

    fn take_fresh(&mut self, size: u64) -> Option<u64> {
        let start = self.fresh;
        let end = start.checked_add(size).filter(|end| *end <= self.end)?;
        self.fresh = end;
        Some(start)
    }

    /// A hole that reaches up to the fresh part is fresh again.
    fn shrink(&mut self) {
        if self.holes.last().is_some_and(|hole| hole.end == self.fresh)
            && let Some(hole) = self.holes.pop()
        {
            self.fresh = hole.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: u64 = 256;

    #[derive(Clone, Debug)]
    enum Step {
        Take(u64),
        GiveBack(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => (1_u64..40).prop_map(Step::Take),
            1 => (0_usize..20).prop_map(Step::GiveBack),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_taken_twice(steps in proptest::collection::vec(step(), 0..200)) {
            let mut space = Space::new(Region::new(1000, SIZE));
            let mut taken: Vec<Region> = Vec::new();
            for step in steps {
                match step {
                    Step::Take(size) => {
                        let Some(start) = space.take(size) else { continue };
                        let part = Region::new(start, size);
                        prop_assert!(start >= 1000 && part.end <= 1000 + SIZE);
                        for other in &taken {
                            prop_assert!(part.end <= other.start || other.end <= part.start);
                        }
                        taken.push(part);
                    }
                    Step::GiveBack(place) if place < taken.len() => {
                        let part = taken.swap_remove(place);
                        space.give_back(part.start, part.size());
                    }
                    Step::GiveBack(_) => {}
                }
            }
            for part in taken {
                space.give_back(part.start, part.size());
            }
            prop_assert_eq!(space.take(SIZE), Some(1000), "all of it is free again");
        }
    }

    #[test]
    fn a_size_beyond_all_bounds_is_refused() {
        let mut space = Space::new(Region::new(1000, SIZE));
        assert_eq!(space.take(u64::MAX), None);
        assert_eq!(space.take(SIZE + 1), None);
        assert_eq!(space.take(SIZE), Some(1000));
    }
}
