//! Listeners: who takes connections to which address, and those that wait for it.

use alloc::collections::VecDeque;

use smoltcp::wire::IpAddress;

use super::V6;
use super::names::{self, Tuple};
use super::socket::Local;
use crate::hash::{Keyed, Table};

/// The most connections that wait, whatever was asked for.
const BACKLOG_MAX: usize = 4096;

/// The most that have a window while they wait at one listener: half of those that the
/// safe kernel gives for whoever comes. So an owner who accepts nobody leaves some to
/// other listeners. Whoever comes behind that stays half open until there is room.
const WINDOWS_MAX: usize = 128;

/// A listener.
#[derive(Debug)]
pub(super) struct Listener {
    /// Connections that nobody has accepted yet.
    waiting: VecDeque<u32>,
    backlog: usize,
}

impl Listener {
    /// With room for `backlog` connections, and for one at least.
    pub(super) fn new(backlog: u32) -> Listener {
        let mut listener = Listener {
            waiting: VecDeque::new(),
            backlog: 0,
        };
        listener.set_backlog(backlog);
        listener
    }

    /// Changes for how many connections there is room.
    pub(super) fn set_backlog(&mut self, backlog: u32) {
        self.backlog = (backlog as usize).clamp(1, BACKLOG_MAX);
    }

    /// Whether there may be room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.backlog
    }

    /// Whether one more may have a window.
    pub(super) fn may_take(&self) -> bool {
        // DEFENCE: no-listener-takes-all-windows
        self.waiting.len() < WINDOWS_MAX
    }

    /// Whether there is no room for one more; then nothing that comes is answered, and
    /// whoever sent it tries again.
    pub(super) fn is_full(&mut self) -> bool {
        // DEFENCE: no-more-wait-than-was-asked-for
        !self.has_room() || self.waiting.try_reserve(1).is_err()
    }

    /// Has a connection wait, for which there is room.
    pub(super) fn put(&mut self, socket: u32) {
        self.waiting.push_back(socket);
    }

    /// The connection that has waited longest.
    pub(super) fn take(&mut self) -> Option<u32> {
        self.waiting.pop_front()
    }

    /// Takes one that waits no longer.
    pub(super) fn remove(&mut self, socket: u32) {
        self.waiting.retain(|waiting| *waiting != socket);
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }
}

/// The address of a listener, as it is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    /// An address of its own.
    One(u128, u16),
    /// All addresses of IPv4.
    AllV4(u16),
    /// All addresses of IPv6.
    AllV6(u16),
}

/// Which socket listens where.
#[derive(Debug)]
pub(super) struct Listeners(Table<Place, u32>);

impl Listeners {
    /// None yet.
    pub(super) fn new(key: Keyed) -> Listeners {
        Listeners(Table::with_hasher(key))
    }

    /// Whether nobody listens anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who takes connections to this end of `tuple`.
    pub(super) fn find(&self, tuple: &Tuple) -> Option<u32> {
        if self.0.is_empty() {
            return None;
        }
        let port = tuple.local_port;
        let all = match tuple.local_address() {
            IpAddress::Ipv4(_) => Place::AllV4(port),
            IpAddress::Ipv6(_) => Place::AllV6(port),
        };
        let one = self.0.get(&Place::One(tuple.local, port));
        one.or_else(|| self.0.get(&all)).copied()
    }

    /// Puts a listener there; none if somebody is there already or there is no memory.
    pub(super) fn put(&mut self, local: Local, v6: V6, socket: u32) -> Option<()> {
        let places = places(local, v6);
        // DEFENCE: one-listens-at-a-place
        if places.iter().flatten().any(|it| self.0.contains_key(it)) {
            return None;
        }
        self.0.try_reserve(2).ok()?;
        for place in places.into_iter().flatten() {
            self.0.insert(place, socket);
        }
        Some(())
    }

    /// Takes a listener away.
    pub(super) fn remove(&mut self, local: Local, v6: V6) {
        for place in places(local, v6).into_iter().flatten() {
            self.0.remove(&place);
        }
    }
}

/// Where a socket of this version with this address is looked for.
fn places(local: Local, v6: V6) -> [Option<Place>; 2] {
    let port = local.port;
    match (local.address, v6) {
        (Some(address), _) => [Some(Place::One(names::number(address), port)), None],
        (None, V6::No) => [Some(Place::AllV4(port)), None],
        (None, V6::Only) => [Some(Place::AllV6(port)), None],
        (None, V6::Dual) => [Some(Place::AllV4(port)), Some(Place::AllV6(port))],
    }
}
