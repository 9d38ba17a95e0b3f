//! Connections in TIME-WAIT: a record each, without window or socket.
//!
//! A record answers a repeated FIN, keeps late segments from a connection of the same
//! name, and yields to a SYN with a higher number. There are [`MOST`]; the oldest is
//! replaced. They are dropped in the order in which they came, as they are looked at:
//! no timer runs for them.

use alloc::collections::VecDeque;

use super::SECOND;
use super::names::Tuple;

/// The most records.
const MOST: usize = 4096;

/// How long each stays.
const STAY: u64 = 60 * SECOND;

/// A connection in TIME-WAIT.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeWait {
    pub(super) tuple: Tuple,
    /// The number that the peer would send next, and ours.
    pub(super) expected: u32,
    pub(super) next: u32,
    /// When it came, in milliseconds.
    since: u32,
    /// Whether something has taken its place.
    is_gone: bool,
}

const _: () = assert!(size_of::<TimeWait>() <= 64);

/// All records, the oldest first.
#[derive(Debug, Default)]
pub(super) struct TimeWaits {
    records: VecDeque<TimeWait>,
    /// How many have been dropped before the first.
    dropped: u32,
}

impl TimeWaits {
    /// Keeps a record: its number, none if there is no memory. And the number of one that
    /// had to go, and whose that was.
    pub(super) fn put(
        &mut self,
        now: u64,
        tuple: Tuple,
        expected: u32,
        next: u32,
    ) -> (Option<u32>, Option<(u32, Tuple)>) {
        let mut gone = None;
        // DEFENCE: a-table-of-past-connections-has-a-size
        if self.records.len() >= MOST {
            gone = self.drop_first();
        }
        if self.records.try_reserve(1).is_err() {
            return (None, gone);
        }
        let number = self.dropped.wrapping_add(self.records.len() as u32);
        self.records.push_back(TimeWait {
            tuple,
            expected,
            next,
            since: milliseconds(now),
            is_gone: false,
        });
        (Some(number), gone)
    }

    /// A record that stands.
    pub(super) fn get(&mut self, number: u32) -> Option<&mut TimeWait> {
        let place = number.wrapping_sub(self.dropped);
        let record = self.records.get_mut(place as usize)?;
        (!record.is_gone).then_some(record)
    }

    /// Forgets a record.
    pub(super) fn remove(&mut self, number: u32) {
        if let Some(record) = self.get(number) {
            record.is_gone = true;
        }
    }

    /// Drops the oldest if it has stood long enough: its number, and whose it was.
    pub(super) fn expire(&mut self, now: u64) -> Option<(u32, Tuple)> {
        let age = milliseconds(now).wrapping_sub(self.records.front()?.since);
        let is_old = u64::from(age) >= STAY / 1_000_000;
        if is_old { self.drop_first() } else { None }
    }

    fn drop_first(&mut self) -> Option<(u32, Tuple)> {
        let first = self.records.pop_front()?;
        let number = self.dropped;
        self.dropped = self.dropped.wrapping_add(1);
        Some((number, first.tuple))
    }
}

fn milliseconds(now: u64) -> u32 {
    (now / 1_000_000) as u32
}
