//! Which numbers are in use, and the lowest that is not.
//!
//! Three levels of words: a bit of the lowest stands for a number, a bit of the
//! others for a word below that is full. Finding the lowest free number looks at
//! two words of each level at most.

use alloc::vec::Vec;

use crate::errno::Errno;

/// How many numbers there are.
pub const LIMIT: usize = BITS * BITS * BITS;

const BITS: usize = u64::BITS as usize;

/// The numbers in use.
#[derive(Debug)]
pub struct Numbers {
    top: u64,
    middle: [u64; BITS],
    bottom: Vec<u64>,
}

impl Numbers {
    /// None in use.
    pub const fn new() -> Numbers {
        Numbers {
            top: 0,
            middle: [0; BITS],
            bottom: Vec::new(),
        }
    }

    /// Takes the lowest free number that is not below `lowest`.
    ///
    /// # Errors
    ///
    /// There is none, or memory is short.
    pub fn take(&mut self, lowest: usize) -> Result<usize, Errno> {
        let number = self.free_from(lowest).ok_or(Errno::TooManyDescriptors)?;
        let word = number / BITS;
        if let Some(missing) = word.checked_sub(self.bottom.len()) {
            let missing = missing.saturating_add(1);
            self.bottom.try_reserve(missing)?;
            self.bottom.extend(core::iter::repeat_n(0, missing));
        }
        self.mark(number, true);
        Ok(number)
    }

    /// Gives `number` back, which was taken.
    pub fn give_back(&mut self, number: usize) {
        self.mark(number, false);
    }

    fn free_from(&self, lowest: usize) -> Option<usize> {
        if lowest >= LIMIT {
            return None;
        }
        let word = lowest / BITS;
        if let Some(bit) = first_zero(self.bottom(word), lowest % BITS) {
            return Some(word * BITS + bit);
        }
        let word = self.roomy_from(word.checked_add(1)?)?;
        Some(word * BITS + first_zero(self.bottom(word), 0)?)
    }

    /// The first word of the lowest level, from `lowest` on, that is not full.
    fn roomy_from(&self, lowest: usize) -> Option<usize> {
        let group = lowest / BITS;
        if let Some(bit) = first_zero(self.middle(group), lowest % BITS) {
            return Some(group * BITS + bit);
        }
        let group = first_zero(self.top, group.checked_add(1)?)?;
        Some(group * BITS + first_zero(self.middle(group), 0)?)
    }

    /// A word of the lowest level: empty where there is none yet.
    fn bottom(&self, word: usize) -> u64 {
        self.bottom.get(word).copied().unwrap_or(0)
    }

    /// A word of the middle level: full behind the last.
    fn middle(&self, group: usize) -> u64 {
        self.middle.get(group).copied().unwrap_or(u64::MAX)
    }

    fn mark(&mut self, number: usize, is_used: bool) {
        let (word, group) = (number / BITS, number / BITS / BITS);
        let Some(bottom) = self.bottom.get_mut(word) else {
            return;
        };
        set(bottom, number % BITS, is_used);
        let is_full = *bottom == u64::MAX;
        let Some(middle) = self.middle.get_mut(group) else {
            return;
        };
        set(middle, word % BITS, is_full);
        let is_full = *middle == u64::MAX;
        set(&mut self.top, group, is_full);
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::new()
    }
}

/// The first bit of `word`, from `lowest` on, that is zero.
fn first_zero(word: u64, lowest: usize) -> Option<usize> {
    let below = 1_u64
        .checked_shl(u32::try_from(lowest).ok()?)?
        .wrapping_sub(1);
    let zero = (word | below).trailing_ones();
    (zero < u64::BITS).then_some(zero as usize)
}

fn set(word: &mut u64, bit: usize, value: bool) {
    let mask = 1_u64 << (bit % BITS);
    if value {
        *word |= mask;
    } else {
        *word &= !mask;
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Take(usize),
        GiveBack(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Take(0)),
            1 => (0_usize..10_000).prop_map(Step::Take),
            1 => (0_usize..300).prop_map(Step::GiveBack),
        ]
    }

    proptest! {
        #[test]
        fn the_lowest_free_number_is_taken(
            steps in proptest::collection::vec(step(), 0..400),
        ) {
            let mut numbers = Numbers::new();
            let mut model = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Take(lowest) => {
                        let free = (lowest..).find(|number| !model.contains(number));
                        prop_assert_eq!(numbers.take(lowest).ok(), free);
                        model.extend(free);
                    }
                    Step::GiveBack(number) => {
                        if model.remove(&number) {
                            numbers.give_back(number);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn all_numbers_can_be_taken_and_no_more() {
        let mut numbers = Numbers::new();
        for number in 0..LIMIT {
            assert_eq!(numbers.take(0), Ok(number));
        }
        assert_eq!(numbers.take(0), Err(Errno::TooManyDescriptors));
        numbers.give_back(70_000);
        assert_eq!(numbers.take(70_001), Err(Errno::TooManyDescriptors));
        assert_eq!(numbers.take(5), Ok(70_000));
        assert_eq!(numbers.take(LIMIT), Err(Errno::TooManyDescriptors));
        assert_eq!(numbers.take(usize::MAX), Err(Errno::TooManyDescriptors));
    }
}
