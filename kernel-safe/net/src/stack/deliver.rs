//! A packet to whom it is for.

use smoltcp::wire::{DHCP_CLIENT_PORT, DHCP_SERVER_PORT, IpAddress, IpProtocol};

use super::Stack;
use crate::bytes;
use crate::carrier::{Carrier, Incoming};
use crate::datagram::{Heard, read};
use crate::lent::Lender;
use crate::node::answer::Why;

impl<L: Lender> Stack<L> {
    /// Delivers a packet, from the link or from this machine.
    pub(super) fn deliver(&mut self, packet: &Incoming<'_>, protocol: IpProtocol) {
        let is_v4 = matches!(packet.target, IpAddress::Ipv4(_));
        match protocol {
            IpProtocol::Tcp if self.is_for_others(packet.target) => {}
            IpProtocol::Tcp => {
                #[cfg(feature = "test-hooks")]
                self.fail_if_asked();
                let now = self.node.now;
                self.tcp.input(now, packet, &mut self.node);
            }
            IpProtocol::Udp => self.deliver_datagram(packet),
            IpProtocol::Icmp if is_v4 => self.hear_icmp(packet),
            IpProtocol::Icmpv6 if !is_v4 => self.hear_icmp_v6(packet),
            IpProtocol::Igmp if is_v4 => self.hear_igmp(packet),
            _ => self.node.refuse(packet, protocol, Why::Protocol),
        }
    }

    /// Whether a target is many, and none of this machine's own addresses.
    fn is_for_others(&self, target: IpAddress) -> bool {
        !self.node.is_own(target) && self.is_for_many(target)
    }

    #[cfg(feature = "test-hooks")]
    fn fail_if_asked(&mut self) {
        assert!(self.fails_at != 1, "a test wants it");
        self.fails_at = self.fails_at.saturating_sub(1);
    }

    fn deliver_datagram(&mut self, packet: &Incoming<'_>) {
        let is_lease = bytes::half(packet.payload, 0) == Some(DHCP_SERVER_PORT)
            && bytes::half(packet.payload, 2) == Some(DHCP_CLIENT_PORT);
        if is_lease && let Some((_, _, message)) = read(packet) {
            self.config.hear_dhcp(message, &mut self.node);
        }
        let is_for_many = self.is_for_many(packet.target);
        if !is_for_many && !self.node.is_own(packet.target) {
            return;
        }
        if self.datagrams.receive(packet, is_for_many) == Heard::Nobody && !is_lease {
            self.node.refuse(packet, IpProtocol::Udp, Why::Port);
        }
    }
}
