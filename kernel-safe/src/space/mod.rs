//! Addresses: a range of which parts are in use, and sets of ranges.
//!
//! The stacks have a [`Space`], and heap and mappings share another; what is whose
//! there is noted in [`Ranges`].

pub mod ranges;

use domains::layout::Region;

use self::ranges::Ranges;

/// The free parts of a region.
#[derive(Debug)]
pub struct Space {
    /// Nobody has used anything from here on.
    fresh: u64,
    end: u64,
    /// Parts below `fresh` that were given back.
    holes: Ranges,
}

impl Space {
    /// A region that is all free.
    pub const fn new(region: Region) -> Space {
        Space {
            fresh: region.start,
            end: region.end,
            holes: Ranges::new(),
        }
    }

    /// Takes `size` bytes, which are not zero, at a multiple of `alignment`;
    /// where they start.
    pub fn take(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let fits = |hole: Region| {
            let start = hole.start.checked_next_multiple_of(alignment)?;
            hole.contains_range(start, size).then_some(start)
        };
        let hole = self.holes.iter().find_map(fits);
        if let Some(start) = hole {
            return self.take_at(start, size);
        }
        let start = self.fresh.checked_next_multiple_of(alignment)?;
        start.checked_add(size).filter(|end| *end <= self.end)?;
        self.skip_to(start)?;
        self.take_at(start, size)
    }

    /// Takes `size` bytes from `start` on, if they are free.
    pub fn take_at(&mut self, start: u64, size: u64) -> Option<u64> {
        let end = start.checked_add(size).filter(|end| *end <= self.end)?;
        let part = Region { start, end };
        if start == self.fresh {
            self.fresh = end;
        } else if self.holes.contains(part) {
            self.holes.remove(part).ok()?;
        } else {
            return None;
        }
        Some(start)
    }

    /// Gives `size` bytes at `start` back, which were taken.
    ///
    /// Where there is no memory to note them, they are lost.
    pub fn give_back(&mut self, start: u64, size: u64) {
        let part = Region {
            start,
            end: start.saturating_add(size),
        };
        if self.holes.insert(part).is_ok() {
            self.shrink();
        }
    }

    /// Makes a hole of the fresh part below `start`.
    fn skip_to(&mut self, start: u64) -> Option<()> {
        if start > self.fresh {
            let skipped = Region {
                start: self.fresh,
                end: start,
            };
            self.holes.insert(skipped).ok()?;
            self.fresh = start;
        }
        Some(())
    }

    /// A hole that reaches up to the fresh part is fresh again.
    fn shrink(&mut self) {
        if let Some(hole) = self.holes.last().filter(|hole| hole.end == self.fresh)
            && self.holes.remove(hole).is_ok()
        {
            self.fresh = hole.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const SIZE: u64 = 256;

    #[derive(Clone, Debug)]
    enum Step {
        Take(u64, u64),
        GiveBack(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => (1_u64..40, 0_u32..4).prop_map(|(size, shift)| Step::Take(size, 1 << shift)),
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
                    Step::Take(size, alignment) => {
                        let Some(start) = space.take(size, alignment) else { continue };
                        prop_assert!(start.is_multiple_of(alignment));
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
            prop_assert_eq!(space.take(SIZE, 1), Some(1000), "all of it is free again");
        }
    }

    #[test]
    fn a_size_beyond_all_bounds_is_refused() {
        let mut space = Space::new(Region::new(1000, SIZE));
        assert_eq!(space.take(u64::MAX, 1), None);
        assert_eq!(space.take(SIZE + 1, 1), None);
        assert_eq!(space.take(SIZE, 1), Some(1000));
    }
}
