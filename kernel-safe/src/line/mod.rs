//! Who waits for one thing, in order of arrival.
//!
//! A waiter can be anything here: who sleeps, and how, is not known. [`links`]
//! are what lines are made of.

pub mod links;

use alloc::collections::TryReserveError;

use self::links::{Links, List, Ticket};

/// The waiters for one thing.
#[derive(Debug)]
pub struct Line<T> {
    waiters: Links<T>,
    order: List,
}

impl<T: Copy + PartialEq> Line<T> {
    /// Nobody.
    pub const fn new() -> Line<T> {
        Line {
            waiters: Links::new(),
            order: List::EMPTY,
        }
    }

    /// Adds a waiter; the ticket to leave with.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, waiter: T) -> Result<Ticket, TryReserveError> {
        self.waiters.push(&mut self.order, waiter)
    }

    /// Takes who has waited longest.
    pub fn take(&mut self) -> Option<T> {
        let first = self.order.first()?;
        self.waiters.remove(&mut self.order, first)
    }

    /// Takes a waiter who has this ticket, if he has not been taken.
    pub fn remove(&mut self, ticket: Ticket, waiter: T) {
        if self.waiters.get(ticket) == Some(waiter) {
            self.waiters.remove(&mut self.order, ticket);
        }
    }
}

impl<T: Copy + PartialEq> Default for Line<T> {
    fn default() -> Self {
        Line::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Add,
        Take,
        Remove(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Add),
            1 => Just(Step::Take),
            2 => (0_usize..20).prop_map(Step::Remove),
        ]
    }

    proptest! {
        #[test]
        fn who_has_waited_longest_is_taken_and_anybody_leaves(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut line = Line::new();
            let mut model: Vec<(u32, Ticket)> = Vec::new();
            for (number, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Add => model.push((number, line.add(number).expect("memory"))),
                    Step::Take => {
                        let first = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(line.take(), first.map(|first| first.0));
                        if let Some((waiter, ticket)) = first {
                            // He comes too late with it.
                            line.remove(ticket, waiter);
                        }
                    }
                    Step::Remove(place) if place < model.len() => {
                        let (waiter, ticket) = model.remove(place);
                        line.remove(ticket, waiter);
                    }
                    Step::Remove(_) => {}
                }
            }
            for (waiter, _) in model {
                prop_assert_eq!(line.take(), Some(waiter));
            }
            prop_assert_eq!(line.take(), None);
        }
    }
}
