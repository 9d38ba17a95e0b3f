//! How this machine gets addresses of IPv6, from what routers say.
//!
//! It makes them itself (RFC 4862). Each address is asked about once before it is used.
//! Routers, networks, addresses and servers of names have their times, and so few
//! places that no router fills memory.

use domains::network::setting::{SERVERS, Text};
use smoltcp::wire::{IpAddress, Ipv6Address};

use super::advertisement::{Advertisement, Network, Servers};
use crate::desk::NEVER;
use crate::ip::addresses::{OWN_V6, Own, Until};
use crate::ip::groups::Groups;
use crate::ip::ndp;
use crate::ip::prefix::Prefix;
use crate::lent::Lender;
use crate::link::card::Card;
use crate::node::Node;

const SECOND: u64 = 1_000_000_000;
/// How long is waited whether somebody else has an address.
const TENTATIVE: u64 = SECOND;
/// From one question for routers to the next, at first.
const ASK_EVERY: u64 = 4 * SECOND;
/// How long at most (RFC 7559).
const ASK_LAST: u64 = 3600 * SECOND;
/// An address is not taken away within less, by whoever says so (RFC 4862, 5.5.3).
const TWO_HOURS: u64 = 7200 * SECOND;

/// What routers have said, and when they are asked.
#[derive(Debug)]
pub struct Slaac {
    ask_at: u64,
    asks: u32,
    /// The most bytes of a packet, zero if that was not said.
    pub packet_max: usize,
    /// Servers of names.
    pub servers: [Option<Until<Ipv6Address>>; SERVERS],
    /// The domain in which names are looked up.
    pub domain: Text,
    /// Whether what routers say counts.
    hears: bool,
}

impl Default for Slaac {
    fn default() -> Slaac {
        Slaac::new()
    }
}

impl Slaac {
    /// One that has heard nothing.
    pub const fn new() -> Slaac {
        Slaac {
            ask_at: NEVER,
            asks: 0,
            packet_max: 0,
            servers: [None; SERVERS],
            domain: Text([0; _]),
            hears: false,
        }
    }

    /// Begins on a link: with the address of the link, maybe one that was given, and
    /// questions for routers.
    pub fn start<L: Lender>(
        &mut self,
        card: &Card,
        given: Option<Ipv6Address>,
        node: &mut Node<L>,
        groups: &mut Groups,
    ) {
        let mut address = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        crate::bytes::put(&mut address, 8, &card.interface());
        add(Ipv6Address::from(address), [NEVER; 2], true, node, groups);
        if let Some(given) = given {
            add(given, [NEVER; 2], true, node, groups);
        }
        *self = Slaac::new();
        self.hears = given.is_none();
        self.ask_again(node.now);
    }

    /// Begins to ask for routers again, as the link was away.
    pub fn ask_again(&mut self, now: u64) {
        if self.hears {
            self.asks = 0;
            self.ask_at = now;
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> u64 {
        let ends = self.servers.iter().flatten().map(|it| it.end);
        ends.min().unwrap_or(NEVER).min(self.ask_at)
    }

    /// Does what is due; addresses that this machine has lost.
    pub fn tick<L: Lender>(
        &mut self,
        node: &mut Node<L>,
        groups: &mut Groups,
    ) -> [Option<IpAddress>; OWN_V6] {
        let now = node.now;
        if self.ask_at <= now {
            node.ask_for_routers();
            let wait = ASK_EVERY << self.asks.saturating_sub(2).min(10);
            let wait = wait.min(ASK_LAST);
            self.asks = self.asks.saturating_add(1);
            self.ask_at = now.saturating_add(wait);
        }
        forget(&mut self.servers, now);
        forget(&mut node.addresses.routers, now);
        forget(&mut node.addresses.prefixes, now);
        let (mut lost, mut asked) = ([None; OWN_V6], [None; OWN_V6]);
        let places = node.addresses.v6.iter_mut();
        for ((place, gone), new) in places.zip(&mut lost).zip(&mut asked) {
            let Some(own) = place else { continue };
            if own.tentative_until <= now {
                own.tentative_until = 0;
            } else if own.tentative_until == NEVER {
                own.tentative_until = now.saturating_add(TENTATIVE);
                *new = Some(own.address);
            }
            if own.preferred_until <= now {
                own.preferred_until = 0;
            }
            if own.valid_until <= now {
                groups.leave(ndp::solicited_node(own.address).into());
                *gone = Some(own.address.into());
                *place = None;
            }
        }
        for address in asked.into_iter().flatten() {
            node.ask_whether_used(address);
        }
        lost
    }

    /// A router has said something.
    pub fn hear<L: Lender>(
        &mut self,
        message: &[u8],
        source: Ipv6Address,
        node: &mut Node<L>,
        groups: &mut Groups,
    ) {
        let (Some(said), Some(card)) = (Advertisement::read(message), node.card) else {
            return;
        };
        // DEFENCE: given-is-given
        if !self.hears || !source.is_unicast_link_local() {
            return;
        }
        if let Some(place) = said.place {
            node.hear_router(source, place);
        }
        let now = node.now;
        keep(
            &mut node.addresses.routers,
            source,
            said.lifetime,
            now,
            |it| *it == source,
        );
        // Somebody is there; but others may come.
        self.ask_at = NEVER;
        if let Some(packet_max) = said.packet_max {
            // DEFENCE: routers-say-what-can-be
            let is_possible = (1280..=card.packet_max).contains(&packet_max);
            self.packet_max = if is_possible {
                packet_max
            } else {
                self.packet_max
            };
        }
        for network in said.networks.into_iter().flatten() {
            hear_network(&network, &card, node, groups);
        }
        if let Some(servers) = said.servers {
            self.hear_servers(&servers, now);
        }
        if let Some(domain) = said.domain {
            self.domain = domain;
        }
    }

    fn hear_servers(&mut self, said: &Servers, now: u64) {
        for server in said.addresses.into_iter().flatten() {
            keep(&mut self.servers, server, said.lifetime, now, |it| {
                *it == server
            });
        }
    }
}

/// Somebody else has an address that this machine wanted; the address, if this machine
/// had asked about it.
pub fn is_taken<L: Lender>(
    address: Ipv6Address,
    node: &mut Node<L>,
    groups: &mut Groups,
) -> bool {
    let is_it = |own: &Own| own.address == address && own.tentative_until != 0;
    let mut places = node.addresses.v6.iter_mut();
    let Some(place) = places.find(|place| place.as_ref().is_some_and(is_it)) else {
        return false;
    };
    *place = None;
    groups.leave(ndp::solicited_node(address).into());
    true
}

fn hear_network<L: Lender>(
    network: &Network,
    card: &Card,
    node: &mut Node<L>,
    groups: &mut Groups,
) {
    let now = node.now;
    if network.is_near {
        let prefix = Prefix::v6(network.address, network.bits);
        let prefixes = &mut node.addresses.prefixes;
        keep(prefixes, prefix, network.valid, now, |it| {
            it.bits == prefix.bits && it.contains(prefix.address)
        });
    }
    if !network.makes_addresses || network.bits != 64 {
        return;
    }
    let mut address = network.address.octets();
    crate::bytes::put(&mut address, 8, &card.interface());
    let address = Ipv6Address::from(address);
    let [valid, preferred] =
        [network.valid, network.preferred].map(|seconds| end(seconds, now));
    let mut own = node.addresses.v6.iter_mut().flatten();
    match own.find(|own| own.address == address) {
        Some(own) if own.is_given => {}
        Some(own) => {
            own.preferred_until = preferred;
            // DEFENCE: addresses-stay
            let least = own.valid_until.min(now.saturating_add(TWO_HOURS));
            own.valid_until = valid.max(least);
        }
        None if network.valid != 0 => add(address, [valid, preferred], false, node, groups),
        None => {}
    }
}

/// Adds an address; whether somebody else has it is asked with the next tick.
fn add<L: Lender>(
    address: Ipv6Address,
    [valid_until, preferred_until]: [u64; 2],
    is_given: bool,
    node: &mut Node<L>,
    groups: &mut Groups,
) {
    let Some(place) = node.addresses.v6.iter_mut().find(|place| place.is_none()) else {
        return;
    };
    if address.is_multicast() || address.is_unspecified() {
        return;
    }
    *place = Some(Own {
        address,
        tentative_until: NEVER,
        preferred_until,
        valid_until,
        is_given,
    });
    // Without the group nobody finds this machine; but there is room for few only.
    let _ = groups.join(ndp::solicited_node(address).into(), node.now);
}

/// Keeps something until its time is over, zero seconds for at once.
fn keep<T: Copy, const N: usize>(
    places: &mut [Option<Until<T>>; N],
    what: T,
    seconds: u32,
    now: u64,
    is_it: impl Fn(&T) -> bool,
) {
    let known = |place: &Option<Until<T>>| place.as_ref().is_some_and(|it| is_it(&it.what));
    let place = places.iter().position(known);
    let place = place.or_else(|| places.iter().position(Option::is_none));
    if let Some(place) = place.and_then(|place| places.get_mut(place)) {
        let end = end(seconds, now);
        *place = (seconds != 0).then_some(Until { what, end });
    }
}

fn forget<T, const N: usize>(places: &mut [Option<Until<T>>; N], now: u64) {
    for place in places {
        place.take_if(|it| it.end <= now);
    }
}

fn end(seconds: u32, now: u64) -> u64 {
    if seconds == u32::MAX {
        return NEVER;
    }
    now.saturating_add(u64::from(seconds).saturating_mul(SECOND))
}
