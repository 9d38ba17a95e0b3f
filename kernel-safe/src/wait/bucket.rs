//! Who waits for what, in order of arrival.

use alloc::collections::{TryReserveError, VecDeque};

use super::Key;

/// The waiters whose keys share a hash.
#[derive(Debug)]
pub struct Bucket<T> {
    waiters: VecDeque<(Key, T)>,
    /// How often one of the keys was woken, whether somebody waited or not.
    wakes: u64,
}

impl<T: Copy + PartialEq> Bucket<T> {
    /// Nobody.
    pub const fn new() -> Bucket<T> {
        Bucket {
            waiters: VecDeque::new(),
            wakes: 0,
        }
    }

    /// How often one of the keys was woken.
    pub fn wakes(&self) -> u64 {
        self.wakes
    }

    /// Counts that one of the keys is woken.
    pub fn count_wake(&mut self) {
        self.wakes = self.wakes.wrapping_add(1);
    }

    /// Adds a waiter for `key`.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, key: Key, waiter: T) -> Result<(), TryReserveError> {
        self.waiters.try_reserve(1)?;
        self.waiters.push_back((key, waiter));
        Ok(())
    }

    /// Takes who has waited longest for `key`.
    pub fn take(&mut self, key: Key) -> Option<T> {
        let place = self.waiters.iter().position(|entry| entry.0 == key)?;
        self.waiters.remove(place).map(|entry| entry.1)
    }

    /// Takes a certain waiter, who waits no more.
    pub fn remove(&mut self, key: Key, waiter: T) {
        let entry = (key, waiter);
        if let Some(place) = self.waiters.iter().position(|other| *other == entry) {
            self.waiters.remove(place);
        }
    }
}

impl<T: Copy + PartialEq> Default for Bucket<T> {
    fn default() -> Self {
        Bucket::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Add(usize),
        Take(usize),
        Remove(usize, u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => (0_usize..4).prop_map(Step::Add),
            1 => (0_usize..4).prop_map(Step::Take),
            1 => (0_usize..4, 0_u32..100).prop_map(|(key, waiter)| Step::Remove(key, waiter)),
        ]
    }

    proptest! {
        #[test]
        fn each_key_is_a_queue_of_its_own(
            steps in proptest::collection::vec(step(), 0..100),
        ) {
            let mut bucket = Bucket::new();
            let mut model = [const { VecDeque::new() }; 4];
            for (number, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Add(key) => {
                        bucket.add(Key::futex(key), number).expect("memory");
                        model[key].push_back(number);
                    }
                    Step::Take(key) => {
                        prop_assert_eq!(bucket.take(Key::futex(key)), model[key].pop_front());
                    }
                    Step::Remove(key, waiter) => {
                        bucket.remove(Key::futex(key), waiter);
                        model[key].retain(|other| *other != waiter);
                    }
                }
            }
        }
    }
}
