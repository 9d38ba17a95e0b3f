//! What a router says (RFC 4861, 4.2; RFC 8106).

use domains::network::setting::{NAME_SIZE, SERVERS, Text};
use smoltcp::wire::{EthernetAddress, Ipv6Address};

use super::message::domain;
use crate::bytes;
use crate::ip::ndp::{self, ROUTER_ADVERTISEMENT, SOURCE_LINK};
use crate::link::ethernet;

const PREFIX: u8 = 3;
const PACKET_MAX: u8 = 5;
const DNS_SERVERS: u8 = 25;
const DNS_DOMAINS: u8 = 31;

/// The most networks that are looked at.
const NETWORKS: usize = 8;

/// A network that a router speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// An address of it.
    pub address: Ipv6Address,
    /// How many bits are the network's.
    pub bits: u8,
    /// Whether it is reached without a router.
    pub is_near: bool,
    /// Whether machines make addresses of it.
    pub makes_addresses: bool,
    /// How long it is good, in seconds.
    pub valid: u32,
    /// How long its addresses should be used.
    pub preferred: u32,
}

/// Servers of names that a router speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Servers {
    /// Their addresses.
    pub addresses: [Option<Ipv6Address>; SERVERS],
    /// How long they are good, in seconds.
    pub lifetime: u32,
}

/// What a router says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advertisement {
    /// How long it is one, in seconds.
    pub lifetime: u32,
    /// Where it is.
    pub place: Option<EthernetAddress>,
    /// The most bytes of a packet.
    pub packet_max: Option<usize>,
    /// Networks.
    pub networks: [Option<Network>; NETWORKS],
    /// Servers of names.
    pub servers: Option<Servers>,
    /// The domain in which names are looked up.
    pub domain: Option<Text>,
}

impl Advertisement {
    /// What a message says; none if it is wrong.
    pub fn read(message: &[u8]) -> Option<Advertisement> {
        let is_it = bytes::byte(message, 0)? == ROUTER_ADVERTISEMENT;
        if !is_it || bytes::byte(message, 1)? != 0 {
            return None;
        }
        let mut said = Advertisement {
            lifetime: bytes::half(message, 6)?.into(),
            place: None,
            packet_max: None,
            networks: [None; NETWORKS],
            servers: None,
            domain: None,
        };
        let options = ndp::options(message.get(16..)?)?;
        for (kind, option) in options.into_iter().flatten() {
            said.note(kind, option);
        }
        Some(said)
    }

    fn note(&mut self, kind: u8, option: &[u8]) {
        match kind {
            SOURCE_LINK => {
                let place = bytes::array(option, 2).map(EthernetAddress);
                self.place = place.filter(ethernet::is_one);
            }
            PACKET_MAX => self.packet_max = bytes::word(option, 4).map(|it| it as usize),
            PREFIX => {
                let place = self.networks.iter_mut().find(|place| place.is_none());
                if let Some(place) = place {
                    *place = network(option);
                }
            }
            DNS_SERVERS => self.servers = servers(option),
            DNS_DOMAINS => self.domain = option.get(8..).and_then(first_domain),
            _ => {}
        }
    }
}

fn network(option: &[u8]) -> Option<Network> {
    let flags = bytes::byte(option, 3)?;
    let network = Network {
        address: Ipv6Address::from(bytes::array::<16>(option, 16)?),
        bits: bytes::byte(option, 2)?,
        is_near: flags & 0x80 != 0,
        makes_addresses: flags & 0x40 != 0,
        valid: bytes::word(option, 4)?,
        preferred: bytes::word(option, 8)?,
    };
    let is_wide = !network.address.is_unicast_link_local() && !network.address.is_multicast();
    let is_possible = network.bits <= 128 && network.preferred <= network.valid;
    (is_wide && is_possible).then_some(network)
}

fn servers(option: &[u8]) -> Option<Servers> {
    let mut addresses = [None; SERVERS];
    let (said, _) = option.get(8..)?.as_chunks::<16>();
    for (place, address) in addresses.iter_mut().zip(said) {
        let address = Ipv6Address::from(*address);
        let is_one = !address.is_multicast() && !address.is_unspecified();
        *place = is_one.then_some(address);
    }
    Some(Servers {
        addresses,
        lifetime: bytes::word(option, 4)?,
    })
}

/// The first domain of a list as DNS has them.
fn first_domain(list: &[u8]) -> Option<Text> {
    let mut text = [0; NAME_SIZE];
    let (mut from, mut to) = (0, 0_usize);
    for _ in 0..NAME_SIZE {
        let size = usize::from(bytes::byte(list, from)?);
        let label = list.get(from.checked_add(1)?..)?.get(..size)?;
        if size == 0 {
            break;
        }
        if to != 0 {
            *text.get_mut(to)? = b'.';
            to = to.checked_add(1)?;
        }
        text.get_mut(to..)?.get_mut(..size)?.copy_from_slice(label);
        to = to.checked_add(size)?;
        from = from.checked_add(size)?.checked_add(1)?;
    }
    Some(domain(text.get(..to)?)).filter(|domain| !domain.bytes().is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::router;

    #[test]
    fn a_router_says_networks_and_servers() {
        let message = router::advertisement(1800);
        let said = Advertisement::read(&message).expect("it is right");
        assert_eq!(said.lifetime, 1800);
        let network = said.networks[0].expect("it is said");
        assert!(network.is_near && network.makes_addresses && network.bits == 64);
        let servers = said.servers.expect("they are said");
        assert_eq!(servers.addresses[0], Some(router::SERVER));
        assert_eq!(said.packet_max, Some(1400));
        let domain = said.domain.expect("it is said");
        assert_eq!(domain.bytes(), b"lan.example");
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_it_fail(
            changes in prop::collection::vec((0_usize..120, any::<u8>()), 0..12),
            cut in 0_usize..160,
        ) {
            let mut message = router::advertisement(1800);
            for (place, value) in changes {
                if let Some(byte) = message.get_mut(place) {
                    *byte = value;
                }
            }
            message.truncate(cut);
            let _ = Advertisement::read(&message);
        }
    }
}
