//! Connections that are looked at a little later.
//!
//! A segment has come that whoever reads it will answer soon, as a rule, and the answer
//! acknowledges it.
//! `smoltcp` itself waits for ten milliseconds before it acknowledges such a segment, so
//! nothing is lost by a look after half of that, and none is needed if the answer comes
//! before.

use alloc::collections::{TryReserveError, VecDeque};
use alloc::vec::Vec;

/// How much later, in nanoseconds.
const LATER: u64 = 5_000_000;

/// How a socket stands to the row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// It is not there.
    None,
    /// It is there, and was looked at meanwhile.
    Past,
    /// It is there to be looked at.
    Waits,
}

/// Sockets in the order of their times, each once at most.
#[derive(Debug, Default)]
pub(super) struct Later {
    row: VecDeque<(u64, u32)>,
    places: Vec<Place>,
    /// How many wait.
    count: usize,
}

impl Later {
    /// Makes room for all sockets below `count`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        let more = count.saturating_sub(self.places.len());
        self.places.try_reserve(more)?;
        self.row.try_reserve(count.saturating_sub(self.row.len()))?;
        self.places
            .resize(self.places.len().max(count), Place::None);
        Ok(())
    }

    /// Puts a socket for which there is room into the row; false if it is there already,
    /// and waits. One that is there from before may be looked at earlier than it need.
    pub(super) fn put(&mut self, now: u64, socket: u32) -> bool {
        let Some(place) = self.places.get_mut(socket as usize) else {
            return false;
        };
        let before = core::mem::replace(place, Place::Waits);
        // DEFENCE: later-has-one-place-each
        if before == Place::None {
            self.row.push_back((now.saturating_add(LATER), socket));
        }
        let is_new = before != Place::Waits;
        self.count += usize::from(is_new);
        is_new
    }

    /// Notes that a socket is looked at.
    pub(super) fn note_look(&mut self, socket: u32) {
        if let Some(place) = self.places.get_mut(socket as usize)
            && *place == Place::Waits
        {
            *place = Place::Past;
            self.count -= 1;
        }
    }

    /// Takes a socket whose time has come.
    pub(super) fn take_due(&mut self, now: u64) -> Option<u32> {
        loop {
            let (at, socket) = *self.row.front()?;
            let waits = self.waits(socket);
            if waits && at > now {
                return None;
            }
            self.row.pop_front();
            if let Some(place) = self.places.get_mut(socket as usize) {
                *place = Place::None;
            }
            if waits {
                self.count -= 1;
                return Some(socket);
            }
        }
    }

    /// When the first wants to be looked at.
    pub(super) fn first(&self) -> Option<u64> {
        match self.row.front() {
            _ if self.count == 0 => None,
            Some((at, socket)) if self.waits(*socket) => Some(*at),
            _ => self.first_behind(),
        }
    }

    /// The same where the front was looked at meanwhile.
    fn first_behind(&self) -> Option<u64> {
        let first = self.row.iter().find(|(_, socket)| self.waits(*socket));
        first.map(|(at, _)| *at)
    }

    fn waits(&self, socket: u32) -> bool {
        self.places.get(socket as usize) == Some(&Place::Waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Later {
        let mut later = Later::default();
        later.reserve(4).expect("there is memory");
        later
    }

    #[test]
    fn whoever_waits_is_looked_at_once_and_in_time() {
        let mut later = later();
        assert!(later.put(10, 3) && later.put(20, 1));
        assert!(!later.put(30, 3), "it waits already");
        assert_eq!(later.first(), Some(10 + LATER));
        assert_eq!(later.take_due(9 + LATER), None);
        assert_eq!(later.take_due(10 + LATER), Some(3));
        assert_eq!(later.take_due(10 + LATER), None);
        assert_eq!(later.take_due(20 + LATER), Some(1));
        assert_eq!(later.first(), None);
    }

    #[test]
    fn whoever_was_looked_at_before_is_not_looked_at_again() {
        let mut later = later();
        assert!(later.put(10, 2) && later.put(20, 1));
        later.note_look(2);
        later.note_look(3);
        assert_eq!(later.first(), Some(20 + LATER));
        later.note_look(1);
        assert!(later.put(40, 1), "another segment");
        assert_eq!(later.first(), Some(20 + LATER), "early, but never late");
        assert_eq!(later.take_due(u64::MAX), Some(1));
        assert_eq!(later.take_due(u64::MAX), None);
    }

    #[test]
    fn whoever_is_looked_at_again_and_again_is_in_the_row_once() {
        let mut later = later();
        for now in 0..100 {
            assert!(later.put(now, 2));
            later.note_look(2);
        }
        assert_eq!(later.row.len(), 1);
    }

    #[test]
    fn numbers_without_room_do_not_wait() {
        let mut later = later();
        assert!(!later.put(1, 9));
        assert_eq!(later.take_due(u64::MAX), None);
    }
}
