//! Sleeping threads, in the order in which they must wake.
//!
//! A sorted list whose room is reserved when a thread starts: a thread sleeps
//! at most once at a time, so going to sleep needs no memory and cannot fail,
//! however short memory is. (A tree would allocate at the worst moment.)

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// The sleeping threads of one CPU.
#[derive(Debug)]
pub struct Sleepers<T> {
    /// The latest first, so that the earliest is taken from the end.
    entries: Vec<(u64, T)>,
}

impl<T: Copy + PartialEq> Sleepers<T> {
    /// No sleepers.
    pub const fn new() -> Sleepers<T> {
        Sleepers {
            entries: Vec::new(),
        }
    }

    /// Makes room for `threads` sleepers.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&mut self, threads: usize) -> Result<(), TryReserveError> {
        let more = threads.saturating_sub(self.entries.len());
        self.entries.try_reserve(more)
    }

    /// Adds a thread that must wake at `deadline`.
    pub fn add(&mut self, deadline: u64, thread: T) {
        let place = self.first_not_after(deadline);
        self.entries.insert(place, (deadline, thread));
    }

    /// Takes a thread that was woken before its `deadline`.
    pub fn remove(&mut self, deadline: u64, thread: T) {
        let start = self.first_not_after(deadline);
        let rest = self.entries.get(start..).unwrap_or_default();
        let place = rest.iter().position(|entry| *entry == (deadline, thread));
        if let Some(place) = place {
            self.entries.remove(start.saturating_add(place));
        }
    }

    /// Takes a thread whose deadline has come, the earliest first.
    pub fn take_due(&mut self, now: u64) -> Option<T> {
        if self.earliest()? > now {
            return None;
        }
        self.entries.pop().map(|entry| entry.1)
    }

    /// The earliest deadline.
    pub fn earliest(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.0)
    }

    fn first_not_after(&self, deadline: u64) -> usize {
        self.entries.partition_point(|entry| entry.0 > deadline)
    }
}

impl<T: Copy + PartialEq> Default for Sleepers<T> {
    fn default() -> Self {
        Sleepers::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Add(u64),
        Remove(usize),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0_u64..100).prop_map(Step::Add),
            1 => (0_usize..100).prop_map(Step::Remove),
            1 => (0_u64..20).prop_map(Step::Pass),
        ]
    }

    proptest! {
        #[test]
        fn threads_wake_by_deadline_and_then_by_arrival(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut sleepers = Sleepers::new();
            let mut model = BTreeSet::new();
            let mut now = 0;
            for (number, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Add(delay) => {
                        sleepers.add(now + delay, number);
                        model.insert((now + delay, number));
                    }
                    Step::Remove(place) => {
                        if let Some(entry) = model.iter().nth(place).copied() {
                            model.remove(&entry);
                            sleepers.remove(entry.0, entry.1);
                        }
                    }
                    Step::Pass(time) => {
                        now += time;
                        while let Some(thread) = sleepers.take_due(now) {
                            let first = model.pop_first().expect("the model has it too");
                            prop_assert_eq!(thread, first.1);
                            prop_assert!(first.0 <= now);
                        }
                    }
                }
                prop_assert_eq!(sleepers.earliest(), model.first().map(|entry| entry.0));
            }
        }
    }

    #[test]
    fn removing_who_does_not_sleep_changes_nothing() {
        let mut sleepers = Sleepers::new();
        sleepers.add(5, 'a');
        sleepers.remove(5, 'b');
        sleepers.remove(6, 'a');
        assert_eq!(sleepers.earliest(), Some(5));
    }
}
