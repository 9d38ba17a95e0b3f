//! A socket of datagrams.

use alloc::vec::Vec;

use domains::network::Name;
use domains::network::window::{state, told};
use smoltcp::wire::IpAddress;

use super::index::Key;
use super::ring::Ring;
use crate::carrier::Errno;
use crate::lent::{Control, Window};
use crate::names::Family;

/// Routers that a packet passes, unless somebody says so otherwise.
const HOPS: u8 = 64;

/// A group that a socket has joined, and by which interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// The group.
    pub group: IpAddress,
    /// The number of the interface.
    pub interface: u32,
}

/// Where a socket is: one address, or all of its family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Local {
    /// The address, zero for all of IPv4; none for all.
    pub address: Option<IpAddress>,
    /// The port.
    pub port: u16,
}

/// A socket of datagrams.
#[derive(Debug)]
pub struct Socket {
    /// Of which versions it is.
    pub family: Family,
    /// Where it was bound.
    pub bound: Option<Local>,
    /// Where it is: the same, or the address from which its peer is reached.
    pub local: Option<Local>,
    /// Whom it is connected to.
    pub peer: Option<(IpAddress, u16)>,
    /// The groups that it has joined.
    pub members: Vec<Member>,
    /// How many routers packets pass.
    pub hops: u8,
    /// How many routers packets to groups pass.
    pub group_hops: u8,
    /// Whether packets to groups of IPv4, and of IPv6, come back.
    pub comes_back: [bool; 2],
    /// Whether it may send to everybody.
    pub may_broadcast: bool,
    /// Whether others may have the same address who want that, too.
    pub reuses: bool,
    /// Whether nothing is read any more, or written.
    pub ended: (bool, bool),
    /// What went wrong, zero for nothing.
    pub error: Errno,
    /// Whether it is in the list of those of which there is something new.
    pub is_listed: bool,
    /// How many datagrams were dropped for which there was no room.
    pub dropped: u64,
    control: Control,
    ring: Ring,
}

impl Socket {
    /// A new one, which is told.
    pub fn new(window: Window, family: Family) -> Socket {
        let socket = Socket {
            family,
            bound: None,
            local: None,
            peer: None,
            members: Vec::new(),
            hops: HOPS,
            group_hops: 1,
            comes_back: [true; 2],
            may_broadcast: false,
            reuses: false,
            ended: (false, false),
            error: 0,
            is_listed: false,
            dropped: 0,
            control: window.control,
            ring: Ring::new(window.received),
        };
        socket.control.clear();
        socket.tell_state(0);
        socket
    }

    /// Tells where it is and what it is connected to.
    pub fn tell_names(&self) {
        let name = |it: Option<(IpAddress, u16)>| {
            it.map_or(Name::NONE, |(address, port)| {
                self.family.name(address, port)
            })
        };
        let local = match self.local {
            Some(Local {
                address: Some(address),
                port,
            }) => self.family.name(address, port),
            Some(Local { port, .. }) => self.family.everywhere(port),
            None => Name::NONE,
        };
        self.control.tell_name(told::LOCAL, &local);
        self.control.tell_name(told::PEER, &name(self.peer));
        self.tell_state(0);
    }

    /// Tells its state, with more bits.
    pub fn tell_state(&self, more: u64) {
        let (read, written) = self.ended;
        let bits = [
            (self.local.is_some(), state::BOUND),
            (self.peer.is_some(), state::CONNECTED),
            (read, state::READ_END),
            (written, state::WRITE_END),
        ];
        let bits = bits.into_iter().filter(|(is_so, _)| *is_so);
        let bits = bits.fold(more | state::DRAINED, |all, (_, bit)| all | bit);
        self.control.tell(told::STATE, bits);
    }

    /// Something went wrong.
    pub fn fail(&mut self, errno: Errno) {
        self.error = errno;
        self.control.tell(told::ERROR, errno as u64);
    }

    /// What went wrong, which is forgotten.
    pub fn take_error(&mut self) -> Errno {
        self.control.tell(told::ERROR, 0);
        core::mem::take(&mut self.error)
    }

    /// A datagram has come; whether there was room for it.
    pub fn deliver(&mut self, source: IpAddress, port: u16, payload: &[u8]) -> bool {
        let name = self.family.name(source, port);
        let fits = !self.ended.0 && self.ring.add(&name, payload).is_ok();
        if fits {
            self.tell_readable();
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        fits
    }

    /// Bytes were taken of what can be read.
    pub fn taken(&mut self, size: usize) {
        self.ring.taken(size);
        self.tell_readable();
    }

    fn tell_readable(&self) {
        let (at, size) = self.ring.readable();
        self.control.tell_piece(told::READABLE, at, size);
    }

    /// By which keys datagrams find it.
    pub fn keys(&self) -> [Option<Key>; 2] {
        let Some(local) = self.local else {
            return [None; 2];
        };
        let key = |address| Key {
            port: local.port,
            local: address,
            peer: self.peer,
        };
        match local.address {
            Some(address) => [Some(key(address)), None],
            None => self.everywhere().map(|address| address.map(key)),
        }
    }

    /// The unspecified addresses of its family.
    fn everywhere(&self) -> [Option<IpAddress>; 2] {
        let v4 = IpAddress::v4(0, 0, 0, 0);
        let v6 = IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0);
        [v4, v6].map(|address| self.family.has(address).then_some(address))
    }

    /// Whether another socket can be where it is said to be, with an address in common.
    pub fn overlaps(&self, family: Family, address: Option<IpAddress>) -> bool {
        let Some(local) = self.bound.or(self.local) else {
            return false;
        };
        [true, false].into_iter().any(|is_v4| {
            let mine = part(self.family, local.address, is_v4);
            let other = part(family, address, is_v4);
            match (mine, other) {
                (Some(mine), Some(other)) => {
                    mine == other || mine.is_unspecified() || other.is_unspecified()
                }
                _ => false,
            }
        })
    }

    /// Whether a datagram to many, to that address, is for it.
    pub fn hears(&self, target: IpAddress, source: IpAddress, port: u16) -> bool {
        let address = self.local.and_then(|local| local.address);
        let is_meant = address.is_none_or(|address| {
            let is_of_kind = address.version() == target.version();
            address == target || address.is_unspecified() && is_of_kind
        });
        let is_from_peer = self.peer.is_none_or(|peer| peer == (source, port));
        // Whoever is connected has an address of its own.
        let is_meant = is_meant || self.peer.is_some() && self.bound_everywhere();
        self.family.has(target) && is_meant && is_from_peer
    }

    fn bound_everywhere(&self) -> bool {
        self.bound.is_none_or(|bound| bound.address.is_none())
    }

    /// The bytes of its ring that can be read.
    #[cfg(test)]
    pub(crate) fn readable(&self) -> &[u8] {
        let (at, size) = self.ring.readable();
        &self.ring.bytes()[at..at + size]
    }
}

/// The address of one version at which a socket is; the unspecified one for all.
fn part(family: Family, address: Option<IpAddress>, is_v4: bool) -> Option<IpAddress> {
    let all = if is_v4 {
        IpAddress::v4(0, 0, 0, 0)
    } else {
        IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0)
    };
    match address {
        None => family.has(all).then_some(all),
        Some(address) => (address.version() == all.version()).then_some(address),
    }
}
