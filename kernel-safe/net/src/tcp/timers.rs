//! Deadlines in a heap: each number has one at most, and where it stands is known.
//!
//! So a deadline that changes with every packet leaves nothing behind, and a thousand
//! connections that wait for nothing cost nothing.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// That a number has no deadline.
const NOWHERE: u32 = u32::MAX;

/// Deadlines of numbers.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: Vec<(u64, u32)>,
    /// Where in the heap each number stands.
    places: Vec<u32>,
}

impl Timers {
    /// Makes room for all numbers below `count`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        let more = count.saturating_sub(self.places.len());
        self.places.try_reserve(more)?;
        self.heap
            .try_reserve(count.saturating_sub(self.heap.len()))?;
        self.places.resize(self.places.len().max(count), NOWHERE);
        Ok(())
    }

    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<u64> {
        self.heap.first().map(|(deadline, _)| *deadline)
    }

    /// Takes a number whose deadline is over.
    pub(super) fn take_due(&mut self, now: u64) -> Option<u32> {
        let (deadline, number) = *self.heap.first()?;
        if deadline > now {
            return None;
        }
        self.set(number, None);
        Some(number)
    }

    /// Sees to it that a number has a deadline that is `latest` or before.
    pub(super) fn set_by(&mut self, number: u32, latest: u64) {
        let place = self.places.get(number as usize).copied();
        // DEFENCE: deadlines-are-not-put-off
        let is_early = place.is_some_and(|place| self.deadline(place as usize) <= latest);
        if !is_early {
            self.set(number, Some(latest));
        }
    }

    /// Sets the deadline of a number for which there is room, or takes it away.
    pub(super) fn set(&mut self, number: u32, deadline: Option<u64>) {
        let Some(place) = self.places.get(number as usize).copied() else {
            return;
        };
        match deadline {
            Some(deadline) if place == NOWHERE => {
                self.heap.push((deadline, number));
                self.rise(self.heap.len() - 1);
            }
            Some(deadline) => self.change(place as usize, deadline),
            None if place != NOWHERE => self.remove(place as usize),
            None => {}
        }
    }

    fn change(&mut self, place: usize, deadline: u64) {
        if let Some(entry) = self.heap.get_mut(place)
            && entry.0 != deadline
        {
            entry.0 = deadline;
            let place = self.rise(place);
            self.sink(place);
        }
    }

    fn remove(&mut self, place: usize) {
        if place >= self.heap.len() {
            return;
        }
        let (_, number) = self.heap.swap_remove(place);
        self.note(number, NOWHERE);
        if place < self.heap.len() {
            let place = self.rise(place);
            self.sink(place);
        }
    }

    /// Moves an entry up to where it belongs; where that is.
    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 && self.deadline(place) < self.deadline((place - 1) / 2) {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        self.note_place(place);
        place
    }

    /// Moves an entry down to where it belongs.
    fn sink(&mut self, mut place: usize) {
        loop {
            let (left, right) = (place * 2 + 1, place * 2 + 2);
            let child = if self.deadline(right) < self.deadline(left) {
                right
            } else {
                left
            };
            if self.deadline(child) >= self.deadline(place) {
                break;
            }
            self.swap(place, child);
            place = child;
        }
        self.note_place(place);
    }

    /// The deadline at a place; one that never comes where there is none.
    fn deadline(&self, place: usize) -> u64 {
        self.heap.get(place).map_or(u64::MAX, |entry| entry.0)
    }

    fn swap(&mut self, place: usize, other: usize) {
        if place.max(other) < self.heap.len() {
            self.heap.swap(place, other);
            self.note_place(place);
            self.note_place(other);
        }
    }

    fn note_place(&mut self, place: usize) {
        if let Some((_, number)) = self.heap.get(place) {
            self.note(*number, place as u32);
        }
    }

    fn note(&mut self, number: u32, place: u32) {
        if let Some(noted) = self.places.get_mut(number as usize) {
            *noted = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_due_comes_in_order(
            changes in prop::collection::vec((0_u32..40, prop::option::of(0_u64..50)), 0..400)
        ) {
            let mut timers = Timers::default();
            timers.reserve(32).expect("there is memory");
            let mut model = std::collections::BTreeMap::new();
            for (number, deadline) in changes {
                timers.set(number, deadline);
                match deadline {
                    Some(deadline) if number < 32 => model.insert(number, deadline),
                    _ => model.remove(&number),
                };
                prop_assert_eq!(timers.first(), model.values().min().copied());
            }
            while let Some(first) = timers.first() {
                let number = timers.take_due(first).expect("it is due");
                prop_assert_eq!(model.remove(&number), Some(first));
            }
            prop_assert!(model.is_empty());
            prop_assert_eq!(timers.take_due(u64::MAX), None);
        }
    }

    #[test]
    fn an_earlier_deadline_is_not_put_off() {
        let mut timers = Timers::default();
        timers.reserve(2).expect("there is memory");
        timers.set_by(1, 50);
        timers.set_by(1, 90);
        assert_eq!(timers.first(), Some(50));
        timers.set_by(1, 20);
        assert_eq!(timers.first(), Some(20));
    }
}
