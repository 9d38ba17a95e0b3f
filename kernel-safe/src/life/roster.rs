//! Who the threads are: by number, alive, ended, or never there.
//!
//! A slot outlives its thread, with the stacks that belong to it: the next
//! thread to start takes the slot that was freed last, whose memory is warm.
//!
//! A number is nobody's until its thread is sure to run, so nobody waits for
//! one that never will. A slot whose numbers are used up is not used again: a
//! number names one thread for ever. Its stacks stay, for half a million
//! threads that had it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::errno::Errno;
use crate::thread::id::ThreadId;

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
    life: Life,
    thread: T,
}

/// What a slot has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    /// No thread; its number is the next one's.
    Free,
    /// One that is being made, and nobody's yet.
    Claimed,
    /// One that runs.
    Alive,
    /// No thread, and no number for another.
    Retired,
}

/// What has become of the thread with a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate<T> {
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

    /// How many slots have no thread.
    pub fn free(&self) -> usize {
        self.free.len()
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
            life: Life::Free,
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

    /// Takes the slot that was freed last for a thread that is to be made:
    /// [`Roster::announce`] or [`Roster::cancel`] follows.
    pub fn claim(&mut self) -> Option<(ThreadId, T)> {
        let slot = self.slots.get_mut(self.free.pop_back()?)?;
        slot.life = Life::Claimed;
        Some((slot.id, slot.thread))
    }

    /// Gives the number of a claimed slot to its thread, which is about to run.
    pub fn announce(&mut self, id: ThreadId) {
        if let Some((_, slot)) = self.slot(id, Life::Claimed) {
            slot.life = Life::Alive;
            self.alive = self.alive.saturating_add(1);
        }
    }

    /// Gives a claimed slot back: its thread could not be made.
    pub fn cancel(&mut self, id: ThreadId) {
        if let Some((place, slot)) = self.slot(id, Life::Claimed) {
            slot.life = Life::Free;
            self.free.push_back(place);
        }
    }

    /// Ends a thread.
    pub fn end(&mut self, id: ThreadId) {
        let Some((place, slot)) = self.slot(id, Life::Alive) else {
            return;
        };
        slot.life = id.next().map_or(Life::Retired, |_| Life::Free);
        slot.id = id.next().unwrap_or(id);
        if slot.life == Life::Free {
            self.free.push_back(place);
        }
        self.alive = self.alive.saturating_sub(1);
    }

    /// What the number `id` says.
    pub fn find(&self, id: ThreadId) -> Fate<T> {
        let Some(slot) = id.slot().and_then(|place| self.slots.get(place)) else {
            return Fate::Nobody;
        };
        match slot.life {
            // DEFENCE: thread-unannounced
            Life::Alive if slot.id == id => Fate::Alive(slot.thread),
            Life::Retired if slot.id == id => Fate::Ended,
            _ if id.is_before(slot.id) => Fate::Ended,
            _ => Fate::Nobody,
        }
    }

    /// The slot of `id`, and its place, if it is what it is said to be.
    fn slot(&mut self, id: ThreadId, life: Life) -> Option<(usize, &mut Slot<T>)> {
        let place = id.slot()?;
        let slot = self.slots.get_mut(place)?;
        (slot.id == id && slot.life == life).then_some((place, slot))
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

    fn after(id: ThreadId) -> ThreadId {
        id.next().expect("it was used once")
    }

    fn start(roster: &mut Roster<usize>) -> Option<(ThreadId, usize)> {
        let claimed = roster.claim();
        claimed.inspect(|(id, _)| roster.announce(*id))
    }

    #[test]
    fn a_slot_is_used_again_under_another_number() {
        let mut roster = roster(2);
        let (first, thread) = start(&mut roster).expect("a free slot");
        assert_eq!(roster.find(first), Fate::Alive(thread));
        roster.end(first);
        assert_eq!(roster.find(first), Fate::Ended);
        let (second, again) = start(&mut roster).expect("a free slot");
        assert_eq!(again, thread, "the one freed last");
        assert_ne!(second, first);
        assert_eq!(roster.find(first), Fate::Ended);
        assert_eq!(roster.alive(), 1);
    }

    #[test]
    fn numbers_that_were_never_given_are_nobodys() {
        let mut roster = roster(1);
        let (id, _) = start(&mut roster).expect("a free slot");
        assert_eq!(roster.find(ThreadId::alleged(0)), Fate::Nobody);
        assert_eq!(roster.find(ThreadId::alleged(99)), Fate::Nobody);
        assert_eq!(roster.find(after(id)), Fate::Nobody);
        roster.end(id);
        assert_eq!(roster.find(after(id)), Fate::Nobody);
    }

    #[test]
    fn ending_twice_frees_once() {
        let mut roster = roster(1);
        let (id, _) = start(&mut roster).expect("a free slot");
        roster.end(id);
        roster.end(id);
        assert!(start(&mut roster).is_some());
        assert!(start(&mut roster).is_none());
    }

    #[test]
    fn slots_become_stale_in_the_order_of_their_ends() {
        let mut roster = roster(3);
        let ids: Vec<_> = core::iter::from_fn(|| start(&mut roster)).collect();
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
        let ids: Vec<_> = core::iter::from_fn(|| start(&mut roster)).collect();
        ids.iter().for_each(|(id, _)| roster.end(*id));
        let (place, _) = roster.take_stale(1).expect("one too many");
        assert_eq!(roster.alive(), 0);
        assert!(start(&mut roster).is_some());
        assert!(start(&mut roster).is_none());
        roster.put_back(place);
        assert!(start(&mut roster).is_some());
    }

    #[test]
    fn a_slot_that_cannot_be_made_is_not_there() {
        let mut roster = Roster::<usize>::new();
        assert_eq!(roster.grow(|_| Err(Errno::NoMemory)), Err(Errno::NoMemory));
        assert_eq!(roster.slots(), 0);
        assert!(!roster.has_free());
    }

    #[test]
    fn nobody_finds_a_thread_that_is_only_to_be_made() {
        let mut roster = roster(1);
        let (id, _) = roster.claim().expect("a free slot");
        assert_eq!(roster.find(id), Fate::Nobody);
        assert_eq!(roster.alive(), 0);
        roster.end(id);
        roster.cancel(id);
        assert_eq!(roster.find(id), Fate::Nobody, "nor one that never was");
        let (again, thread) = start(&mut roster).expect("the slot is free again");
        assert_eq!(again, id);
        assert_eq!(roster.find(id), Fate::Alive(thread));
        roster.cancel(id);
        assert_eq!(roster.find(id), Fate::Alive(thread), "it is too late");
    }

    #[test]
    fn a_slot_without_new_numbers_is_not_used_again() {
        let mut roster = roster(1);
        let mut numbers = 0_u64;
        let mut last = None;
        while let Some((id, _)) = start(&mut roster) {
            roster.end(id);
            numbers += 1;
            last = Some(id);
        }
        assert_eq!(numbers, 1 << 19);
        let last = last.expect("there were some");
        assert_eq!(roster.find(last), Fate::Ended);
        let first = ThreadId::first(0).expect("there is such a slot");
        assert_eq!(roster.find(first), Fate::Ended);
        assert_eq!(roster.alive(), 0);
        assert!(roster.take_stale(0).is_none());
        roster.grow(Ok).expect("another slot has new numbers");
        assert!(start(&mut roster).is_some());
    }
}
