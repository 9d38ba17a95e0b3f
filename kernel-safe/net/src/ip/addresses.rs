//! The addresses of this machine, the networks it is on, and the routers it knows.
//!
//! Those of loopback are always there: 127.0.0.0/8 and ::1 never leave this machine and
//! never come from the link.

use smoltcp::wire::{IpAddress, Ipv4Address, Ipv6Address};

use super::prefix::{Prefix, common_bits};
use crate::carrier::Errno;
use crate::desk::NEVER;
use domains::errno::ENETUNREACH;

/// The most addresses of IPv6: that of the link, and those of prefixes.
pub const OWN_V6: usize = 5;
/// The most networks of IPv6 that are reached without a router.
pub const PREFIXES: usize = 8;
/// The most routers of IPv6.
pub const ROUTERS: usize = 4;

/// An address of IPv6 of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Own {
    /// The address.
    pub address: Ipv6Address,
    /// Until when it has to be waited whether somebody else has it; zero when that is
    /// over, [`NEVER`] if nobody has been asked yet.
    pub tentative_until: u64,
    /// Until when new connections should use it.
    pub preferred_until: u64,
    /// Until when it is this machine's.
    pub valid_until: u64,
    /// Whether it was given, and is not of a router's.
    pub is_given: bool,
}

/// Something that is good for a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Until<T> {
    /// What.
    pub what: T,
    /// Until when.
    pub end: u64,
}

/// Where a packet has to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// To this machine.
    Own,
    /// To everybody on the link.
    Everybody,
    /// To a group.
    Group,
    /// To this neighbour.
    Neighbour(IpAddress),
}

/// All of them.
#[derive(Debug, Default)]
pub struct Addresses {
    /// Whether there is a card.
    pub has_card: bool,
    /// The address of IPv4, and its network.
    pub v4: Option<Prefix>,
    /// The router of IPv4.
    pub router_v4: Option<Ipv4Address>,
    /// The addresses of IPv6, that of the link among them.
    pub v6: [Option<Own>; OWN_V6],
    /// The networks of IPv6 that are reached without a router.
    pub prefixes: [Option<Until<Prefix>>; PREFIXES],
    /// The routers of IPv6.
    pub routers: [Option<Until<Ipv6Address>>; ROUTERS],
}

impl Addresses {
    /// The address of IPv4.
    pub fn address_v4(&self) -> Option<Ipv4Address> {
        match self.v4?.address {
            IpAddress::Ipv4(address) => Some(address),
            IpAddress::Ipv6(_) => None,
        }
    }

    /// The address of IPv6 of the link, if it can be used.
    pub fn link_local(&self) -> Option<Ipv6Address> {
        let mut own = self.usable().map(|own| own.address);
        own.find(Ipv6Address::is_unicast_link_local)
    }

    /// Whether `address` is one of this machine's, those of loopback included.
    pub fn is_own(&self, address: IpAddress) -> bool {
        is_loopback(address) || self.is_on_link(address)
    }

    /// Whether `address` is one that this machine has on the link.
    pub fn is_on_link(&self, address: IpAddress) -> bool {
        match address {
            IpAddress::Ipv4(address) => self.address_v4() == Some(address),
            IpAddress::Ipv6(address) => self.usable().any(|own| own.address == address),
        }
    }

    /// Whether packets to `address` go to everybody.
    pub fn is_everybody(&self, address: IpAddress) -> bool {
        let all = self.v4.and_then(|network| network.broadcast());
        address.is_broadcast() || all == Some(address)
    }

    /// Where packets to `target` go; none if no way leads there.
    pub fn way(&self, target: IpAddress) -> Option<Way> {
        if self.is_own(target) {
            Some(Way::Own)
        } else if self.is_everybody(target) {
            self.has_card.then_some(Way::Everybody)
        } else if target.is_multicast() {
            self.has_card.then_some(Way::Group)
        } else {
            self.next_hop(target).map(Way::Neighbour)
        }
    }

    /// The address from which packets to `target` leave.
    ///
    /// # Errors
    ///
    /// There is no way there: without a card to nobody but this machine.
    pub fn source_to(&self, target: IpAddress) -> Result<IpAddress, Errno> {
        if is_loopback(target) || target.is_unspecified() {
            return Ok(loopback_like(target));
        }
        if self.is_on_link(target) {
            return Ok(target);
        }
        if !self.has_card {
            let is_group = target.is_multicast();
            return is_group.then(|| loopback_like(target)).ok_or(ENETUNREACH);
        }
        let source = match target {
            IpAddress::Ipv4(_) => self.address_v4().map(IpAddress::Ipv4),
            IpAddress::Ipv6(target) => self.source_v6(target).map(IpAddress::Ipv6),
        };
        let source = source.filter(|_| self.way(target).is_some());
        source.ok_or(ENETUNREACH)
    }

    /// The best address for packets to `target` (RFC 6724, 5, in short).
    fn source_v6(&self, target: Ipv6Address) -> Option<Ipv6Address> {
        if is_of_link(target) {
            return self.link_local();
        }
        let wide = self.usable().filter(|own| !is_of_link(own.address));
        let value = |own: &Own| {
            let common = common_bits(own.address.into(), target.into());
            (own.preferred_until != 0, common)
        };
        wide.max_by_key(value).map(|own| own.address)
    }

    fn usable(&self) -> impl Iterator<Item = Own> {
        let own = self.v6.iter().flatten().copied();
        own.filter(|own| own.tentative_until == 0)
    }

    /// The neighbour to whom packets to `target` go.
    fn next_hop(&self, target: IpAddress) -> Option<IpAddress> {
        if target.is_unspecified() || !self.has_card {
            return None;
        }
        match target {
            IpAddress::Ipv4(_) => {
                let is_near = self.v4?.contains(target);
                let router = self.router_v4.map(IpAddress::Ipv4);
                if is_near { Some(target) } else { router }
            }
            IpAddress::Ipv6(address) if is_of_link(address) => Some(target),
            IpAddress::Ipv6(_) => {
                let mut near = self.prefixes.iter().flatten();
                if near.any(|prefix| prefix.what.contains(target)) {
                    return Some(target);
                }
                let router = self.routers.iter().flatten().next();
                router.map(|router| router.what.into())
            }
        }
    }

    /// When something ends next.
    pub fn deadline(&self) -> u64 {
        let own = self.v6.iter().flatten();
        let ends = own.flat_map(|own| {
            let preferred = Some(own.preferred_until).filter(|end| *end != 0);
            let tentative = match own.tentative_until {
                0 => None,
                NEVER => Some(0),
                end => Some(end),
            };
            [Some(own.valid_until), preferred, tentative]
        });
        let prefixes = self.prefixes.iter().flatten().map(|it| it.end);
        let routers = self.routers.iter().flatten().map(|it| it.end);
        let ends = ends.flatten().chain(prefixes).chain(routers);
        ends.min().unwrap_or(NEVER)
    }
}

/// Whether an address is one of loopback.
pub fn is_loopback(address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(address) => address.is_loopback(),
        IpAddress::Ipv6(address) => address == Ipv6Address::LOCALHOST,
    }
}

/// Whether an address, or a group, is one of a single link.
pub fn is_of_link(address: Ipv6Address) -> bool {
    let [first, second, ..] = address.octets();
    let is_group = first == 0xff && second & 0xf <= 2;
    is_group || address.is_unicast_link_local()
}

/// The address of loopback of the same kind.
pub const fn loopback_like(address: IpAddress) -> IpAddress {
    match address {
        IpAddress::Ipv4(_) => IpAddress::Ipv4(Ipv4Address::LOCALHOST),
        IpAddress::Ipv6(_) => IpAddress::Ipv6(Ipv6Address::LOCALHOST),
    }
}

#[cfg(test)]
#[path = "addresses/tests.rs"]
mod tests;
