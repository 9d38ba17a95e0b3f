//! From frames to packets.
//!
//! What is not for this machine, or comes from where nothing may come, ends here.

use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol, Ipv6Address};

use super::Node;
use crate::bytes;
use crate::ip::addresses::is_loopback;
use crate::ip::parse::{self, Packet};
use crate::lent::Lender;
use crate::link::ethernet;

/// The port of those who ask for an address.
pub(crate) const DHCP_CLIENT: u16 = 68;

impl<L: Lender> Node<L> {
    /// The packet that a frame carries, if it is for this machine or a group. What
    /// neighbours say by ARP is heard on the way.
    pub fn receive<'f>(
        &mut self,
        frame: &'f [u8],
        is_in_group: impl Fn(IpAddress) -> bool,
    ) -> Option<Packet<'f>> {
        let place = EthernetAddress(bytes::array(frame, 0)?);
        let is_for_many = place.is_multicast() || place.is_broadcast();
        if !is_for_many && self.card.is_none_or(|card| card.address != place) {
            self.dropped.frames = self.dropped.frames.saturating_add(1);
            return None;
        }
        let carried = frame.get(14..)?;
        let packet = match bytes::half(frame, 12)? {
            ethernet::ARP => {
                self.hear_arp(carried);
                return None;
            }
            ethernet::V4 => parse::v4(carried),
            ethernet::V6 => parse::v6(carried),
            _ => None,
        };
        let packet = packet.filter(|packet| {
            is_possible_source(packet)
                && !self.addresses.is_own(packet.source)
                // DEFENCE: nothing-from-everybody
                && !self.addresses.is_everybody(packet.source)
                && self.is_for_us(packet, is_for_many, is_in_group)
        });
        if packet.is_none() {
            self.dropped.packets = self.dropped.packets.saturating_add(1);
        }
        packet
    }

    fn is_for_us(
        &self,
        packet: &Packet<'_>,
        is_for_many: bool,
        is_in_group: impl Fn(IpAddress) -> bool,
    ) -> bool {
        let target = packet.target;
        // DEFENCE: loopback-from-link
        if is_loopback(target) || target.is_unspecified() {
            return false;
        }
        if target.is_multicast() {
            return is_in_group(target);
        }
        // One machine is not meant by a frame to many (RFC 1122, 3.3.6).
        !is_for_many && self.addresses.is_on_link(target)
            || self.addresses.is_everybody(target)
            || !is_for_many && is_lease(packet)
    }
}

/// Whether it may be an answer of a server of DHCP, which speaks to an address that
/// this machine does not have yet.
fn is_lease(packet: &Packet<'_>) -> bool {
    let is_v4 = matches!(packet.target, IpAddress::Ipv4(_));
    let port = bytes::half(packet.payload, 2);
    is_v4
        // DEFENCE: leases-come-by-udp
        && packet.protocol == IpProtocol::Udp
        && packet.fragment.is_none()
        && port == Some(DHCP_CLIENT)
}

/// Whether a packet may come from there.
fn is_possible_source(packet: &Packet<'_>) -> bool {
    match packet.source {
        IpAddress::Ipv4(source) => {
            let [first, ..] = source.octets();
            first != 0 && !source.is_loopback() && first < 224
        }
        IpAddress::Ipv6(source) => {
            let is_nobody = source == Ipv6Address::UNSPECIFIED;
            let is_discovery = packet.protocol == IpProtocol::Icmpv6;
            let is_mapped = source.to_ipv4_mapped().is_some();
            let is_one = !source.is_multicast() && source != Ipv6Address::LOCALHOST;
            // DEFENCE: nothing-from-mapped
            is_one && !is_mapped && (!is_nobody || is_discovery)
        }
    }
}
