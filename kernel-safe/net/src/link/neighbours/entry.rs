//! An entry: what is known of one address.

use core::hash::{Hash, Hasher};

use smoltcp::wire::{EthernetAddress, IpAddress};

use super::WAITING;
use crate::link::frames::Buffer;

/// A frame that is complete but for the address that it goes to.
#[derive(PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Where it lies.
    pub buffer: Buffer,
    /// Bytes of it.
    pub size: usize,
}

/// An address, which is hashed as one piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key(pub(super) IpAddress);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpAddress::Ipv4(address) => state.write(&address.octets()),
            IpAddress::Ipv6(address) => state.write(&address.octets()),
        }
    }
}

/// What is known of one address.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: State,
    /// Where it is, but for [`State::Unanswered`].
    pub(super) ethernet: EthernetAddress,
    /// When a packet was last sent there; zero for never.
    pub(super) used: u64,
    /// When it was made.
    pub(super) made: u64,
}

/// How much that is worth.
#[derive(Debug)]
pub(super) enum State {
    /// It was asked for, and nobody has answered.
    Unanswered {
        /// How often.
        times: u8,
        /// When it is next.
        next: u64,
        /// What waits.
        waiting: [Option<Waiting>; WAITING],
    },
    /// It has answered.
    Reachable {
        /// How long that counts.
        until: u64,
    },
    /// It is from another time.
    Stale,
    /// The same, and it is used, and asked again.
    Asking {
        /// How often.
        times: u8,
        /// When it is next.
        next: u64,
    },
}

impl Entry {
    /// One that was asked for just now, for the first time.
    pub(super) const fn unanswered(next: u64, now: u64) -> Entry {
        Entry {
            state: State::Unanswered {
                times: 1,
                next,
                waiting: [const { None }; WAITING],
            },
            ethernet: EthernetAddress([0; 6]),
            used: now,
            made: now,
        }
    }

    /// One that said itself where it is.
    pub(super) const fn stale(place: EthernetAddress, now: u64) -> Entry {
        Entry {
            state: State::Stale,
            ethernet: place,
            used: 0,
            made: now,
        }
    }

    /// Where it is, if that is known.
    pub(super) const fn place(&self) -> Option<EthernetAddress> {
        match self.state {
            State::Unanswered { .. } => None,
            _ => Some(self.ethernet),
        }
    }

    /// When it has to be asked for.
    pub(super) const fn next(&self) -> Option<u64> {
        match self.state {
            State::Unanswered { next, .. } | State::Asking { next, .. } => Some(next),
            _ => None,
        }
    }
}

/// Has a packet wait; the one that gives way to it, if there is no room: the oldest
/// that waits for the same address, or itself.
pub(super) fn queue(
    places: &mut [Option<Waiting>; WAITING],
    packet: Waiting,
    is_full: bool,
) -> Option<Waiting> {
    let free = places.iter_mut().find(|place| place.is_none());
    if let (Some(place), false) = (free, is_full) {
        *place = Some(packet);
        return None;
    }
    let count = places.iter().flatten().count();
    let Some(last) = count.checked_sub(1) else {
        return Some(packet);
    };
    let used = places.get_mut(..count)?;
    used.rotate_left(1);
    used.get_mut(last)?.replace(packet)
}
