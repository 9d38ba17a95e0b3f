//! Who the threads are: by number, alive, ended, or never there.
//!
//! A slot outlives its thread, with the stacks that belong to it: the next
//! thread to start takes the slot that was freed last, whose memory is warm.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::id::ThreadId;
use crate::errno::Errno;

/// All threads.
#[derive(Debug)]
pub struct Roster<T> {
    slots: Vec<Slot<T>>,
    /// Slots without a thread, the one freed last at the end.
    free: VecDeque<usize>,
    alive: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot<T> {
    id: ThreadId,
    is_alive: bool,
    thread: T,
}

/// What a number says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found<T> {
    /// A thread.
    Alive(T),
    /// A thread that has ended.
    Ended,
    /// Nobody's number.
    Nobody,
}

impl<T: Copy> Roster<T> {
    /// No threads.
    pub const fn new() -> Roster<T> {
        Roster {
            slots: Vec::new(),
            free: VecDeque::new(),
            alive: 0,
        }
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many threads are alive.
    pub const fn alive(&self) -> usize {
        self.alive
    }

    /// Makes a free slot for what `make` makes from the slot's place.
    ///
    /// # Errors
    ///
    /// Memory or numbers are used up, or `make` failed.
    pub fn grow(&mut self, make: impl FnOnce(usize) -> Result<T, Errno>) -> Result<(), Errno> {
        let place = self.slots.len();
        let id = ThreadId::first(place).ok_or(Errno::Again)?;
        self.slots.try_reserve(1)?;
        // Room for every slot, so that ending a thread cannot fail.
        let needed = place.saturating_add(1).saturating_sub(self.free.len());
        self.free.try_reserve(needed)?;
        let slot = Slot {
            id,
            is_alive: false,
            thread: make(place)?,
        };
        self.slots.push(slot);
        self.free.push_back(place);
        Ok(())
    }

    /// Whether a slot is free.
    pub fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Starts a thread in the slot that was freed last.
    pub fn start(&mut self) -> Option<(ThreadId, T)> {
        let slot = self.slots.get_mut(self.free.pop_back()?)?;
        slot.is_alive = true;
        self.alive = self.alive.saturating_add(1);
        Some((slot.id, slot.thread))
    }

    /// Ends a thread.
    pub fn end(&mut self, id: ThreadId) {
        let Some(place) = id.slot() else { return };
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        if slot.is_alive && slot.id == id {
            slot.is_alive = false;
            slot.id = id.next();
            self.alive = self.alive.saturating_sub(1);
            self.free.push_back(place);
        }
    }

    /// What the number `id` says.
    pub fn find(&self, id: ThreadId) -> Found<T> {
        let slot = id.slot().and_then(|place| self.slots.get(place));
        match slot {
            Some(slot) if slot.id == id && slot.is_alive => Found::Alive(slot.thread),
            Some(slot) if id.is_before(slot.id) => Found::Ended,
            _ => Found::Nobody,
        }
    }

    /// Takes the slot out that is not among the `kept` that were freed last any
    /// more, since one more was freed; its place, for [`Roster::put_back`].
    /// Nobody starts in it meanwhile.
    pub fn take_stale(&mut self, kept: usize) -> Option<(usize, T)> {
        let stale = self.free.len().checked_sub(kept)?.checked_sub(1)?;
        let place = self.free.remove(stale)?;
        Some((place, self.slots.get(place)?.thread))
    }

    /// Puts a slot back that was taken out.
    pub fn put_back(&mut self, place: usize) {
        self.free.push_front(place);
    }
}

impl<T: Copy> Default for Roster<T> {
    fn default() -> Self {
        Roster::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(slots: usize) -> Roster<usize> {
        let mut roster = Roster::new();
        for _ in 0..slots {
            roster.grow(Ok).expect("there is room");
        }
        roster
    }

    #[test]
    fn a_slot_is_used_again_under_another_number() {
        let mut roster = roster(2);
        let (first, thread) = roster.start().expect("a free slot");
        assert_eq!(roster.find(first), Found::Alive(thread));
        roster.end(first);
        assert_eq!(roster.find(first), Found::Ended);
        let (second, again) = roster.start().expect("a free slot");
        assert_eq!(again, thread, "the one freed last");
        assert_ne!(second, first);
        assert_eq!(roster.find(first), Found::Ended);
        assert_eq!(roster.alive(), 1);
    }

    #[test]
    fn numbers_that_were_never_given_are_nobodys() {
        let mut roster = roster(1);
        let (id, _) = roster.start().expect("a free slot");
        assert_eq!(roster.find(ThreadId::alleged(0)), Found::Nobody);
        assert_eq!(roster.find(ThreadId::alleged(99)), Found::Nobody);
        assert_eq!(roster.find(id.next()), Found::Nobody);
        roster.end(id);
        assert_eq!(roster.find(id.next()), Found::Nobody);
    }

    #[test]
    fn ending_twice_frees_once() {
        let mut roster = roster(1);
        let (id, _) = roster.start().expect("a free slot");
        roster.end(id);
        roster.end(id);
        assert!(roster.start().is_some());
        assert!(roster.start().is_none());
    }

    #[test]
    fn slots_become_stale_in_the_order_of_their_ends() {
        let mut roster = roster(3);
        let ids: Vec<_> = core::iter::from_fn(|| roster.start()).collect();
        let stale = ids.iter().map(|(id, _)| {
            roster.end(*id);
            let (place, thread) = roster.take_stale(1)?;
            roster.put_back(place);
            Some(thread)
        });
        let stale: Vec<_> = stale.collect();
        assert_eq!(stale, [None, Some(ids[0].1), Some(ids[1].1)]);
    }

    #[test]
    fn nobody_starts_in_a_slot_that_was_taken_out() {
        let mut roster = roster(2);
        let ids: Vec<_> = core::iter::from_fn(|| roster.start()).collect();
        ids.iter().for_each(|(id, _)| roster.end(*id));
        let (place, _) = roster.take_stale(1).expect("one too many");
        assert_eq!(roster.alive(), 0);
        assert!(roster.start().is_some());
        assert!(roster.start().is_none());
        roster.put_back(place);
        assert!(roster.start().is_some());
    }

    #[test]
    fn a_slot_that_cannot_be_made_is_not_there() {
        let mut roster = Roster::<usize>::new();
        assert_eq!(roster.grow(|_| Err(Errno::NoMemory)), Err(Errno::NoMemory));
        assert_eq!(roster.slots(), 0);
        assert!(!roster.has_free());
    }
}
