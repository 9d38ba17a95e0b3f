//! The card: what the driver says of the network device.

use domains::device::feature::{GUEST_SEGMENTS_V4, MERGED_BUFFERS};
use domains::network::packets::{HEADER, SIZE};
use smoltcp::wire::{ETHERNET_HEADER_LEN, EthernetAddress};

use super::ethernet;
use crate::bytes;

/// The most bytes of a packet that a buffer holds, with the header of IP.
pub const PACKET_MAX: usize = SIZE - HEADER - ETHERNET_HEADER_LEN;
/// The fewest bytes of a packet that a link must carry (RFC 791, 3.1).
const PACKET_MIN: usize = 576;
/// What Ethernet carries.
const ETHERNET: usize = 1500;

/// What the driver says of the network device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Card {
    /// Its address.
    pub address: EthernetAddress,
    /// The most bytes of a packet, with the header of IP.
    pub packet_max: usize,
    /// Whether somebody is at the other end of the cable.
    pub has_link: bool,
    /// Whether a packet may lie in several buffers.
    pub merges: bool,
    /// Whether segments of TCP over IPv4 may come that were put together.
    pub joins: bool,
}

impl Card {
    /// What these bytes of the desk say; none if there is no card.
    pub fn new(bytes: &[u8]) -> Option<Card> {
        let address = EthernetAddress(bytes::array(bytes, 0)?);
        let said = u16::from_ne_bytes(bytes::array(bytes, 8)?);
        let link = u16::from_ne_bytes(bytes::array(bytes, 10)?);
        let features = u64::from_ne_bytes(bytes::array(bytes, 16)?);
        let packet_max = if said == 0 { ETHERNET } else { said.into() };
        ethernet::is_one(&address).then_some(Card {
            address,
            packet_max: packet_max.clamp(PACKET_MIN, PACKET_MAX),
            has_link: link != 0,
            merges: features & MERGED_BUFFERS != 0,
            joins: features & GUEST_SEGMENTS_V4 != 0,
        })
    }

    /// The lower half of an address of IPv6 on this link (RFC 4291, appendix A).
    pub fn interface(&self) -> [u8; 8] {
        let [a, b, c, d, e, f] = self.address.0;
        [a ^ 2, b, c, 0xff, 0xfe, d, e, f]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(address: [u8; 6], packet_max: u16) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..6].copy_from_slice(&address);
        bytes[8..10].copy_from_slice(&packet_max.to_ne_bytes());
        bytes[10] = 1;
        bytes
    }

    #[test]
    fn a_card_without_an_address_of_its_own_is_none() {
        assert_eq!(Card::new(&bytes_of([0; 6], 0)), None);
        assert_eq!(Card::new(&bytes_of([0xff; 6], 0)), None);
        assert_eq!(Card::new(&[1; 8]), None);
    }

    #[test]
    fn packets_are_as_long_as_a_buffer_at_most() {
        let packet_max = |said| {
            let card = Card::new(&bytes_of([2, 0, 0, 0, 0, 1], said));
            card.expect("it has an address").packet_max
        };
        assert_eq!(packet_max(0), 1500);
        assert_eq!(packet_max(1400), 1400);
        assert_eq!(packet_max(20), 576);
        assert_eq!(packet_max(9000), PACKET_MAX);
    }
}
