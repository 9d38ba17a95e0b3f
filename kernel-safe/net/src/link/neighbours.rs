//! Who is where on the link: addresses of IP, and those of Ethernet for them.
//!
//! An entry goes the way of RFC 4861, 7.3, for both families: it is asked for, known for
//! half a minute, then used as it is, and asked for again at that address while it is
//! used. Entries come from answers to what was asked, and from those who ask this
//! machine; the latter never displace one that is used. How many are asked for at once
//! and what waits for them is bounded, so a scan of a network costs its own packets.

use smoltcp::wire::{EthernetAddress, IpAddress};

use super::frames::Buffer;
use crate::desk::NEVER;
use crate::hash::{Keyed, Table};

mod due;
mod entry;

pub use due::Due;
pub use entry::Waiting;
use entry::{Entry, Key, State};

/// The most entries.
pub const ENTRIES: usize = 256;
/// The most entries that are asked for at once and nobody has answered.
pub const UNANSWERED: usize = 64;
/// The most packets that wait for one address.
pub const WAITING: usize = 3;
/// The most packets that wait for all.
pub const WAITING_ALL: usize = 32;

/// From one question for an address to the next.
const ASK_EVERY: u64 = 1_000_000_000;
/// How often an address is asked for.
const ASK_TIMES: u8 = 3;
/// How long an answer is good.
const REACHABLE: u64 = 30_000_000_000;
/// How long an old answer is used before it is asked for again.
const DELAY: u64 = 5_000_000_000;
/// For how long one is used without a note that it was.
const USED_WITHIN: u64 = 1_000_000_000;

/// The entries.
#[derive(Debug)]
pub struct Neighbours {
    table: Table<Key, Entry>,
    unanswered: usize,
    waiting: usize,
    next_at: u64,
    last: Option<Last>,
}

/// The last that was found, and until when that is good: most packets go to one router,
/// and the hash of the table costs more than a comparison.
#[derive(Clone, Copy, Debug)]
struct Last {
    address: IpAddress,
    place: EthernetAddress,
    until: u64,
}

/// What became of a packet whose neighbour was not known.
#[derive(PartialEq, Eq, Debug)]
pub struct Asked {
    /// Whether the address has to be asked for now.
    pub now: bool,
    /// Packets that have to give way: this one or an older one, and all of another address.
    pub dropped: [Option<Buffer>; WAITING + 1],
}

impl Neighbours {
    /// None yet.
    pub const fn new(key: Keyed) -> Neighbours {
        Neighbours {
            table: Table::with_hasher(key),
            unanswered: 0,
            waiting: 0,
            next_at: NEVER,
            last: None,
        }
    }

    /// Where packets to `address` go, if that is known. It is used by that.
    pub fn find(&mut self, address: IpAddress, now: u64) -> Option<EthernetAddress> {
        // DEFENCE: last-neighbour-has-an-end
        if let Some(last) = self.last
            && last.address == address
            && now < last.until
        {
            return Some(last.place);
        }
        self.look_up(address, now)
    }

    fn look_up(&mut self, address: IpAddress, now: u64) -> Option<EthernetAddress> {
        self.last = None;
        let entry = self.table.get_mut(&Key(address))?;
        if let State::Reachable { until } = entry.state
            && until <= now
        {
            entry.state = State::Stale;
        }
        if matches!(entry.state, State::Stale) {
            let next = now.saturating_add(DELAY);
            entry.state = State::Asking { times: 0, next };
            self.next_at = self.next_at.min(next);
        }
        entry.used = now.max(1);
        let place = entry.place()?;
        if let State::Reachable { until } = entry.state {
            let until = until.min(now.saturating_add(USED_WITHIN));
            self.last = Some(Last {
                address,
                place,
                until,
            });
        }
        Some(place)
    }

    /// Has a packet wait until it is known where `address` is.
    pub fn wait(&mut self, address: IpAddress, packet: Waiting, now: u64) -> Asked {
        let mut asked = Asked {
            now: false,
            dropped: [const { None }; WAITING + 1],
        };
        if !self.table.contains_key(&Key(address)) {
            asked.dropped = self.make_unanswered(address, now);
            asked.now = self.table.contains_key(&Key(address));
        }
        let [first, ..] = &mut asked.dropped;
        let displaced = match self
            .table
            .get_mut(&Key(address))
            .map(|entry| &mut entry.state)
        {
            Some(State::Unanswered { waiting, .. }) => {
                let is_full = self.waiting >= WAITING_ALL;
                entry::queue(waiting, packet, is_full)
            }
            _ => Some(packet),
        };
        match displaced {
            // It was in nobody's count, or another was that is not any more.
            Some(packet) => *first = Some(packet.buffer),
            None => self.waiting = self.waiting.saturating_add(1),
        }
        asked
    }

    /// Begins to ask for an address; the packets of an entry that gives way.
    fn make_unanswered(
        &mut self,
        address: IpAddress,
        now: u64,
    ) -> [Option<Buffer>; WAITING + 1] {
        let mut dropped = [const { None }; WAITING + 1];
        // DEFENCE: questions-are-few
        if self.unanswered >= UNANSWERED
            && let Some(oldest) = self.oldest(|entry| entry.place().is_none())
        {
            // One place of the answer is for the packet that this is about.
            let waiting = self.forget(oldest);
            // DEFENCE: all-that-waited-give-way
            for (place, packet) in dropped.iter_mut().skip(1).zip(waiting) {
                *place = packet.map(|packet| packet.buffer);
            }
        }
        if !self.has_room(|entry| entry.place().is_some()) {
            return dropped;
        }
        let next = now.saturating_add(ASK_EVERY);
        self.table
            .insert(Key(address), Entry::unanswered(next, now));
        self.unanswered = self.unanswered.saturating_add(1);
        self.next_at = self.next_at.min(next);
        dropped
    }

    /// Somebody says that `address` is at `place`, maybe because we asked. Only what
    /// is known or asked for changes; the packets that waited.
    pub fn told(
        &mut self,
        address: IpAddress,
        place: EthernetAddress,
        is_answer: bool,
        now: u64,
    ) -> [Option<Waiting>; WAITING] {
        let Some(entry) = self.table.get_mut(&Key(address)) else {
            return [const { None }; WAITING];
        };
        let was_asked = matches!(entry.state, State::Unanswered { .. } | State::Asking { .. });
        let until = now.saturating_add(REACHABLE);
        let is_same = entry.place() == Some(place);
        let next = if is_answer && was_asked {
            State::Reachable { until }
        } else if is_same {
            return [const { None }; WAITING];
        } else {
            State::Stale
        };
        entry.ethernet = place;
        // DEFENCE: neighbour-that-moved
        self.last = None;
        let before = core::mem::replace(&mut entry.state, next);
        self.released(before)
    }

    /// Somebody at `place` who calls himself `address` has asked this machine; the
    /// packets that waited for him.
    pub fn asked_by(
        &mut self,
        address: IpAddress,
        place: EthernetAddress,
        now: u64,
    ) -> [Option<Waiting>; WAITING] {
        if self.table.contains_key(&Key(address)) {
            return self.told(address, place, false, now);
        }
        // DEFENCE: neighbours-of-strangers
        if self.has_room(|entry| entry.used == 0 && entry.place().is_some()) {
            self.table.insert(Key(address), Entry::stale(place, now));
        }
        [const { None }; WAITING]
    }

    /// Where `address` is, as far as it is known. It is not used by that.
    pub fn place_of(&self, address: IpAddress) -> Option<EthernetAddress> {
        self.table.get(&Key(address))?.place()
    }

    /// The packets that wait, when all else is forgotten.
    pub fn into_waiting(self) -> impl Iterator<Item = Waiting> {
        let states = self.table.into_values().map(|entry| entry.state);
        states.flat_map(|state| match state {
            State::Unanswered { waiting, .. } => waiting.into_iter().flatten(),
            _ => [const { None }; WAITING].into_iter().flatten(),
        })
    }

    /// When something is due.
    pub const fn deadline(&self) -> u64 {
        self.next_at
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.table.len()
    }

    /// How many packets wait.
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Makes room for an entry, at the cost of the oldest of those that may be
    /// displaced; false if there is none.
    fn has_room(&mut self, may_be_displaced: impl Fn(&Entry) -> bool) -> bool {
        if self.table.len() >= ENTRIES {
            let Some(oldest) = self.oldest(may_be_displaced) else {
                return false;
            };
            self.forget(oldest);
        }
        self.table.try_reserve(1).is_ok()
    }

    /// The entry that was not used for longest, of those that `is_meant`.
    fn oldest(&self, is_meant: impl Fn(&Entry) -> bool) -> Option<IpAddress> {
        let meant = self.table.iter().filter(|(_, entry)| is_meant(entry));
        let oldest = meant.min_by_key(|(_, entry)| (entry.used, entry.made));
        oldest.map(|(Key(address), _)| *address)
    }

    /// Forgets an entry; the packets that waited.
    fn forget(&mut self, address: IpAddress) -> [Option<Waiting>; WAITING] {
        // DEFENCE: neighbour-that-is-forgotten
        self.last = None;
        match self.table.remove(&Key(address)) {
            Some(entry) => self.released(entry.state),
            None => [const { None }; WAITING],
        }
    }

    /// The packets that waited in a state that is over.
    fn released(&mut self, state: State) -> [Option<Waiting>; WAITING] {
        let State::Unanswered { waiting, .. } = state else {
            return [const { None }; WAITING];
        };
        self.unanswered = self.unanswered.saturating_sub(1);
        let count = waiting.iter().flatten().count();
        self.waiting = self.waiting.saturating_sub(count);
        waiting
    }
}

#[cfg(test)]
mod tests;
