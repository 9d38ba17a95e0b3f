//! How this machine takes part in the network: what was given, what servers and
//! routers say, and what of that is told.
//!
//! ```text
//! dhcp            a client, for IPv4
//! message         what it says and hears
//! slaac           addresses of IPv6 by what routers say
//! advertisement   what they say
//! ```

use alloc::collections::VecDeque;

use domains::network::Setting;
use domains::network::setting::{SERVERS, flag};
use smoltcp::wire::{IpAddress, Ipv4Address, Ipv6Address};

use crate::desk::NEVER;
use crate::ip::addresses::{Addresses, Until};
use crate::ip::groups::Groups;
use crate::ip::prefix::Prefix;
use crate::lent::Lender;
use crate::link::card::Card;
use crate::node::Node;

pub mod advertisement;
pub mod dhcp;
pub mod message;
pub mod slaac;

use dhcp::{Dhcp, News};
use slaac::Slaac;

/// The most addresses that were lost and of which nobody has been told.
const LOST: usize = 16;
/// The fewest bytes of a packet that a server of DHCP may say.
const PACKET_MIN: usize = 576;

/// What is known of the network, and who asks for more.
#[derive(Debug)]
pub struct Config {
    given: Setting,
    /// The client of DHCP.
    dhcp: Dhcp,
    slaac: Slaac,
    lost: VecDeque<IpAddress>,
    /// Whether something may be other than it was told.
    has_changed: bool,
    /// When an address, a router or a server ends, or routers are asked again.
    next_at: u64,
}

impl Config {
    /// Nothing yet.
    pub fn new() -> Config {
        Config {
            given: Setting::default(),
            dhcp: Dhcp::new(),
            slaac: Slaac::new(),
            lost: VecDeque::new(),
            has_changed: true,
            next_at: 0,
        }
    }

    /// Takes part in the network as it was given, by this card, or goes on after the
    /// link was away.
    pub fn configure<L: Lender>(
        &mut self,
        given: &Setting,
        card: Option<Card>,
        node: &mut Node<L>,
        groups: &mut Groups,
    ) {
        let before = node.card;
        let is_same_card = before.map(|it| it.address) == card.map(|it| it.address);
        let had_link = before.is_some_and(|it| it.has_link);
        node.card = card;
        if !is_same_card || *given != self.given {
            self.given = *given;
            self.begin(node, groups);
        } else if !had_link && card.is_some_and(|it| it.has_link) {
            self.go_on(node, groups);
        }
        self.set_packet_max(node);
        self.note_change();
    }

    /// Begins anew.
    fn begin<L: Lender>(&mut self, node: &mut Node<L>, groups: &mut Groups) {
        let before = core::mem::take(&mut node.addresses);
        let v4 = before.address_v4().map(IpAddress::Ipv4);
        let v6 = before.v6.into_iter().flatten();
        let v6 = v6.map(|own| IpAddress::Ipv6(own.address));
        for address in v4.into_iter().chain(v6) {
            self.lose(address);
        }
        node.forget_link();
        self.dhcp.stop();
        self.slaac = Slaac::new();
        let Some(card) = node.card else { return };
        node.addresses.has_card = true;
        groups.begin_anew(node.now);
        if self.given.flags & flag::STATIC_V4 != 0 {
            self.give_v4(&mut node.addresses);
            node.announce_v4();
        } else if card.has_link {
            self.dhcp.start(node);
        }
        let given_v6 = self.give_v6(&mut node.addresses);
        self.slaac.start(&card, given_v6, node, groups);
    }

    /// Goes on after the link was away: it may be another one.
    fn go_on<L: Lender>(&mut self, node: &mut Node<L>, groups: &mut Groups) {
        node.forget_link();
        groups.begin_anew(node.now);
        if self.given.flags & flag::STATIC_V4 == 0 {
            self.dhcp.start(node);
        }
        node.announce_v4();
        self.slaac.ask_again(node.now);
    }

    fn give_v4(&self, addresses: &mut Addresses) {
        let address = Ipv4Address::from(self.given.address_v4);
        let router = Ipv4Address::from(self.given.router_v4);
        let is_given = !address.is_unspecified();
        addresses.v4 = is_given.then(|| Prefix::v4(address, self.given.prefix_v4));
        addresses.router_v4 = Some(router).filter(|router| !router.is_unspecified());
    }

    /// The address of IPv6 that was given, whose network and router are there now.
    fn give_v6(&self, addresses: &mut Addresses) -> Option<Ipv6Address> {
        if self.given.flags & flag::STATIC_V6 == 0 {
            return None;
        }
        let address = Ipv6Address::from(self.given.address_v6);
        let router = Ipv6Address::from(self.given.router_v6);
        let [prefix, ..] = &mut addresses.prefixes;
        *prefix = Some(Until {
            what: Prefix::v6(address, self.given.prefix_v6),
            end: NEVER,
        });
        let [first, ..] = &mut addresses.routers;
        *first = (!router.is_unspecified()).then_some(Until {
            what: router,
            end: NEVER,
        });
        Some(address)
    }

    /// Does what is due.
    pub fn tick<L: Lender>(&mut self, node: &mut Node<L>, groups: &mut Groups) {
        if !self.has_changed && self.deadline() > node.now {
            return;
        }
        let was_hopeful = self.dhcp.is_hopeful();
        let news = self.dhcp.tick(&self.given.host, node);
        if was_hopeful != self.dhcp.is_hopeful() {
            self.note_change();
        }
        self.apply(news, node);
        if self.next_at <= node.now || self.has_changed {
            let lost = self.slaac.tick(node, groups);
            for address in lost.into_iter().flatten() {
                self.lose(address);
            }
            self.note_change();
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> u64 {
        self.next_at.min(self.dhcp.deadline())
    }

    /// Something may be other than it was told.
    pub const fn note_change(&mut self) {
        self.has_changed = true;
    }

    /// Whether something is to be told.
    pub fn has_news(&self) -> bool {
        self.has_changed || !self.lost.is_empty()
    }

    /// What the network is, if that may be other than it was told.
    pub fn news<L: Lender>(&mut self, node: &Node<L>) -> Option<Setting> {
        if !core::mem::take(&mut self.has_changed) {
            return None;
        }
        self.next_at = node.addresses.deadline().min(self.slaac.deadline());
        Some(self.told(node))
    }

    /// A message of a server of DHCP has come.
    pub fn hear_dhcp<L: Lender>(&mut self, message: &[u8], node: &mut Node<L>) {
        if let Some(card) = node.card {
            let news = self.dhcp.hear(message, card.address, node);
            self.apply(news, node);
            self.note_change();
        }
    }

    /// A message of a router has come.
    pub fn hear_router<L: Lender>(
        &mut self,
        message: &[u8],
        source: Ipv6Address,
        node: &mut Node<L>,
        groups: &mut Groups,
    ) {
        self.slaac.hear(message, source, node, groups);
        self.set_packet_max(node);
        self.note_change();
    }

    /// An address that this machine has no more, and of which nobody was told.
    pub fn next_lost(&mut self) -> Option<IpAddress> {
        self.lost.pop_front()
    }

    /// What the network is at the moment.
    fn told<L: Lender>(&self, node: &Node<L>) -> Setting {
        let addresses = &node.addresses;
        let has_link = node.card.is_some_and(|card| card.has_link);
        let v4 = addresses.address_v4();
        let is_settled = v4.is_some() || !self.dhcp.is_hopeful();
        let given = self.given.flags;
        let given = given & (flag::STATIC_V4 | flag::STATIC_V6 | flag::STATIC_SERVERS);
        let link = if has_link { flag::LINK } else { 0 };
        let settled = if is_settled { flag::SETTLED_V4 } else { 0 };
        let v6 = addresses.v6.iter().flatten();
        let mut v6 = v6.filter(|own| own.tentative_until == 0);
        let v6 = v6.find(|own| !own.address.is_unicast_link_local());
        let router_v6 = addresses.routers.iter().flatten().next();
        Setting {
            flags: given | link | settled,
            prefix_v4: addresses.v4.map_or(0, |network| network.bits),
            prefix_v6: v6.map_or(0, |own| bits_v6(addresses, own.address)),
            reserved: [0; 2],
            address_v4: v4.map_or([0; 4], |address| address.octets()),
            router_v4: addresses.router_v4.map_or([0; 4], |it| it.octets()),
            address_v6: v6.map_or([0; 16], |own| own.address.octets()),
            router_v6: router_v6.map_or([0; 16], |it| it.what.octets()),
            servers: self.servers(),
            host: self.given.host,
            domain: self.domain(),
        }
    }

    /// Those that were given, or those of DHCP and then those of routers.
    fn servers(&self) -> [[u8; 16]; SERVERS] {
        if self.given.flags & flag::STATIC_SERVERS != 0 {
            return self.given.servers;
        }
        let lease = self.dhcp.lease().map_or([None; SERVERS], |it| it.servers);
        let v4 = lease.into_iter().flatten();
        let v4 = v4.map(|address| address.to_ipv6_mapped().octets());
        let v6 = self.slaac.servers.iter().flatten();
        let v6 = v6.map(|server| server.what.octets());
        let mut servers = [[0; 16]; SERVERS];
        for (place, server) in servers.iter_mut().zip(v4.chain(v6)) {
            *place = server;
        }
        servers
    }

    fn domain(&self) -> domains::network::setting::Text {
        let lease = self.dhcp.lease().map(|lease| lease.domain);
        let said = [Some(self.given.domain), lease, Some(self.slaac.domain)];
        let mut said = said.into_iter().flatten();
        said.find(|text| !text.bytes().is_empty())
            .unwrap_or_default()
    }

    fn apply<L: Lender>(&mut self, news: News, node: &mut Node<L>) {
        let before = node.addresses.address_v4();
        match (news, self.dhcp.lease()) {
            (News::Lease, Some(lease)) => {
                node.addresses.v4 = Some(Prefix::v4(lease.address, lease.bits));
                node.addresses.router_v4 = lease.router;
            }
            (News::Lost, _) => {
                node.addresses.v4 = None;
                node.addresses.router_v4 = None;
            }
            _ => return,
        }
        self.set_packet_max(node);
        self.note_change();
        let now = node.addresses.address_v4();
        // Connections stay if the address does.
        if before != now {
            if let Some(address) = before {
                self.lose(address.into());
            }
            node.announce_v4();
        }
    }

    fn set_packet_max<L: Lender>(&self, node: &mut Node<L>) {
        let card = node.card.map_or(0, |card| card.packet_max);
        let lease = self.dhcp.lease().and_then(|lease| lease.packet_max);
        let lease = lease.map(usize::from).filter(|it| *it >= PACKET_MIN);
        let router = Some(self.slaac.packet_max).filter(|it| *it != 0);
        let said = [lease, router].into_iter().flatten();
        node.packet_max = said.fold(card, usize::min);
    }

    fn lose(&mut self, address: IpAddress) {
        let has_room = self.lost.len() < LOST && self.lost.try_reserve(1).is_ok();
        if has_room {
            self.lost.push_back(address);
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

/// How many bits of an address are its network's.
fn bits_v6(addresses: &Addresses, address: Ipv6Address) -> u8 {
    let mut networks = addresses.prefixes.iter().flatten();
    let network = networks.find(|network| network.what.contains(address.into()));
    network.map_or(64, |network| network.what.bits)
}
