//! What ICMP says, and those who route groups.

use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Address, Ipv6Address};

use super::Stack;
use crate::bytes;
use crate::carrier::{Carrier, Incoming};
use crate::config::slaac;
use crate::ip::quote::{self, Quote, Wrong};
use crate::ip::{checksum, ndp};
use crate::lent::Lender;
use crate::tcp::Quoted;

/// What has passed no router.
const NEAR: u8 = 255;
const MILLISECOND: u64 = 1_000_000;
/// What routers that do not say so wait for an answer (RFC 2236, 8.3).
const PATIENCE: u64 = 10_000 * MILLISECOND;
/// The packet size that is tried where a router does not say one (RFC 1191).
const SMALL: usize = 552;

impl<L: Lender> Stack<L> {
    pub(super) fn hear_icmp(&mut self, packet: &Incoming<'_>) {
        if !packet.is_verified && !checksum::is_right(packet, IpProtocol::Icmp) {
            return;
        }
        match packet.payload {
            [8, 0, _, _, _, _, _, _, ..] => self.node.echo(packet),
            message => {
                if let Some(quote) = quote::v4(message) {
                    self.went_wrong(&quote);
                }
            }
        }
    }

    pub(super) fn hear_icmp_v6(&mut self, packet: &Incoming<'_>) {
        // DEFENCE: messages-are-right
        if !packet.is_verified && !checksum::is_right(packet, IpProtocol::Icmpv6) {
            return;
        }
        let message = packet.payload;
        // DEFENCE: neighbours-are-near
        let is_near = packet.hop_limit == NEAR;
        match message {
            [128, 0, _, _, _, _, _, _, ..] if !packet.source.is_unspecified() => {
                self.node.echo(packet);
            }
            [ndp::ROUTER_ADVERTISEMENT, ..] if is_near => {
                if let IpAddress::Ipv6(source) = packet.source {
                    let groups = &mut self.datagrams.groups;
                    self.config
                        .hear_router(message, source, &mut self.node, groups);
                }
            }
            [ndp::NEIGHBOUR_SOLICITATION, ..] if is_near => {
                let wanted = self.node.hear_question(message, packet.source);
                self.is_taken(wanted);
            }
            [ndp::NEIGHBOUR_ADVERTISEMENT, ..] if is_near => {
                let taken = self.node.hear_answer(message);
                self.is_taken(taken);
            }
            [130, ..] => self.hear_mld(packet),
            [1..=4, ..] => {
                if let Some(quote) = quote::v6(message) {
                    self.went_wrong(&quote);
                }
            }
            _ => {}
        }
    }

    /// Somebody else has an address, or wants it.
    fn is_taken(&mut self, address: Option<Ipv6Address>) {
        if let Some(address) = address {
            let groups = &mut self.datagrams.groups;
            if slaac::is_taken(address, &mut self.node, groups) {
                self.config.note_change();
            }
        }
    }

    /// A packet of this machine went wrong.
    pub(super) fn went_wrong(&mut self, quote: &Quote) {
        if !self.node.is_own(quote.source) {
            return;
        }
        match quote.protocol {
            IpProtocol::Tcp => self.segment_went_wrong(quote),
            IpProtocol::Udp => {
                let is_ours = self.datagrams.unreachable(quote);
                // DEFENCE: sizes-of-what-was-sent
                if let (Wrong::TooLarge(said), true) = (quote.wrong, is_ours) {
                    self.node.shrink(quote.target, sensible(said));
                }
            }
            _ => {}
        }
    }

    fn segment_went_wrong(&mut self, quote: &Quote) {
        let (local_port, peer_port) = quote.ports();
        let quoted = Quoted {
            local: quote.source,
            local_port,
            peer: quote.target,
            peer_port,
            sequence: quote.sequence(),
        };
        let now = self.node.now;
        match quote.wrong {
            Wrong::Unreachable(errno) => self.tcp.unreachable(now, &quoted, errno),
            Wrong::TooLarge(said) => self.tcp.shrink(now, &quoted, sensible(said)),
        }
    }

    /// A router asks for groups of IPv4 (RFC 2236, RFC 3376).
    pub(super) fn hear_igmp(&mut self, packet: &Incoming<'_>) {
        let message = packet.payload;
        let group = bytes::array::<4>(message, 4).map(Ipv4Address::from);
        let is_query = bytes::byte(message, 0) == Some(0x11);
        let is_right = packet.is_verified || checksum::is_right(packet, IpProtocol::Igmp);
        let (Some(group), Some(code)) = (group, bytes::byte(message, 1)) else {
            return;
        };
        // DEFENCE: queries-are-right
        if !is_query || !is_right {
            return;
        }
        let is_old = message.len() < 12;
        let delay = match code {
            0 => PATIENCE,
            code => decoded(code.into(), 8) * 100 * MILLISECOND,
        };
        self.groups_asked(group.into(), is_old, delay);
    }

    /// A router asks for groups of IPv6 (RFC 2710, RFC 3810).
    fn hear_mld(&mut self, packet: &Incoming<'_>) {
        let message = packet.payload;
        let group = bytes::array::<16>(message, 8).map(Ipv6Address::from);
        let (Some(group), Some(code)) = (group, bytes::half(message, 4)) else {
            return;
        };
        let is_near = matches!(packet.source, IpAddress::Ipv6(source)
            if source.is_unicast_link_local());
        // DEFENCE: queries-are-near
        if is_near && packet.hop_limit == 1 {
            let is_old = message.len() < 28;
            let delay = decoded(code.into(), 16) * MILLISECOND;
            self.groups_asked(group.into(), is_old, delay);
        }
    }

    fn groups_asked(&mut self, group: IpAddress, is_old: bool, delay: u64) {
        let now = self.node.now;
        let random = &mut self.node.random;
        self.datagrams
            .groups
            .asked(group, is_old, delay, now, random);
    }
}

/// A size of packets that a router has said, or what is tried if it has not.
const fn sensible(said: usize) -> usize {
    if said == 0 { SMALL } else { said }
}

/// A time of so many bits, the largest of which say how far the others are shifted
/// (RFC 3376, 4.1.1; RFC 3810, 5.1.3).
const fn decoded(code: u64, bits: u32) -> u64 {
    let top = 1 << (bits - 1);
    if code < top {
        return code;
    }
    let low = bits - 4;
    let mantissa = code & ((1 << low) - 1);
    let exponent = code >> low & 7;
    (mantissa | 1 << low) << (exponent + 3)
}
