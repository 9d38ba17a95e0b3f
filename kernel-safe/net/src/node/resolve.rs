//! Where neighbours are: questions and answers of ARP and of neighbour discovery.
//!
//! What is said here goes to a known place, or to a group of Ethernet, so it never waits
//! for an answer itself.

use domains::network::packets::HEADER;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, ETHERNET_HEADER_LEN, EthernetAddress, IpAddress,
    IpProtocol, Ipv4Address, Ipv6Address,
};

use super::Node;
use crate::bytes;
use crate::carrier::Outgoing;
use crate::ip::ndp::{self, Neighbour};
use crate::ip::{checksum, header};
use crate::lent::Lender;
use crate::link::ethernet::{self, group};
use crate::link::frames::Size;
use crate::link::header::Header;
use crate::link::neighbours::Waiting;

/// Where what Ethernet carries begins.
const START: usize = HEADER + ETHERNET_HEADER_LEN;
/// Bytes of a packet of ARP.
const ARP_SIZE: usize = 28;
/// The shortest frame, without what the card adds (IEEE 802.3).
const FRAME_MIN: usize = HEADER + 60;
/// What has come from a neighbour has passed no router (RFC 4861, 7.1).
pub(crate) const NEAR: u8 = 255;

impl<L: Lender> Node<L> {
    /// Asks where a neighbour is: everybody, or whoever was there.
    pub(super) fn ask(&mut self, address: IpAddress, known: Option<EthernetAddress>) {
        match address {
            IpAddress::Ipv4(address) => self.ask_v4(address, known),
            IpAddress::Ipv6(address) => self.ask_v6(address, known),
        }
    }

    fn ask_v4(&mut self, address: Ipv4Address, known: Option<EthernetAddress>) {
        let (Some(card), Some(own)) = (self.card, self.addresses.address_v4()) else {
            return;
        };
        self.say_arp(
            known.unwrap_or(EthernetAddress::BROADCAST),
            &ArpRepr::EthernetIpv4 {
                operation: ArpOperation::Request,
                source_hardware_addr: card.address,
                source_protocol_addr: own,
                target_hardware_addr: EthernetAddress([0; 6]),
                target_protocol_addr: address,
            },
        );
    }

    /// Says to everybody that this machine has its address of IPv4 (RFC 5227, 3).
    pub fn announce_v4(&mut self) {
        if let Some(own) = self.addresses.address_v4() {
            self.ask_v4(own, None);
        }
    }

    fn ask_v6(&mut self, address: Ipv6Address, known: Option<EthernetAddress>) {
        let source = self.addresses.source_to(address.into()).ok();
        let source = source.or_else(|| self.addresses.link_local().map(IpAddress::Ipv6));
        let (Some(card), Some(source)) = (self.card, source) else {
            return;
        };
        let all = ndp::solicited_node(address).into();
        let (target, place) = match known {
            Some(place) => (address.into(), place),
            None => (all, group(all)),
        };
        let question = Neighbour::question(address, card.address);
        self.say_v6(place, source, target, &question);
    }

    /// Asks whether somebody else has an address (RFC 4862, 5.4.2).
    pub fn ask_whether_used(&mut self, address: Ipv6Address) {
        let all = ndp::solicited_node(address).into();
        let question = Neighbour::question(address, EthernetAddress([0; 6]));
        let question = question.get(..ndp::ANONYMOUS).unwrap_or(&[]);
        let nobody = Ipv6Address::UNSPECIFIED.into();
        self.say_v6(group(all), nobody, all, question);
    }

    /// Asks for routers.
    pub fn ask_for_routers(&mut self) {
        let all = IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 2);
        let mut message = [0; 16];
        bytes::put(&mut message, 0, &[ndp::ROUTER_SOLICITATION]);
        bytes::put(&mut message, 8, &[ndp::SOURCE_LINK, 1]);
        let own = self.addresses.link_local();
        if let (Some(own), Some(card)) = (own, self.card) {
            bytes::put(&mut message, 10, &card.address.0);
            self.say_v6(group(all), own.into(), all, &message);
        } else {
            let message = message.get(..8).unwrap_or(&[]);
            self.say_v6(group(all), Ipv6Address::UNSPECIFIED.into(), all, message);
        }
    }

    /// What ARP says.
    pub(super) fn hear_arp(&mut self, packet: &[u8]) -> Option<()> {
        let packet = ArpPacket::new_checked(packet).ok()?;
        let ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr: place,
            source_protocol_addr: source,
            target_protocol_addr: target,
            ..
        } = ArpRepr::parse(&packet).ok()?
        else {
            return None;
        };
        let (card, own) = (self.card?, self.addresses.address_v4()?);
        let is_near = self.addresses.v4?.contains(source.into())
            || self.addresses.router_v4 == Some(source);
        let is_possible = ethernet::is_one(&place) && is_near && source != own;
        // DEFENCE: everybody-is-no-neighbour
        if !is_possible || self.addresses.is_everybody(source.into()) {
            return None;
        }
        if operation == ArpOperation::Request && target == own {
            let waited = self.neighbours.asked_by(source.into(), place, self.now);
            self.let_go(place, waited);
            self.say_arp(
                place,
                &ArpRepr::EthernetIpv4 {
                    operation: ArpOperation::Reply,
                    source_hardware_addr: card.address,
                    source_protocol_addr: own,
                    target_hardware_addr: place,
                    target_protocol_addr: source,
                },
            );
        } else {
            let is_answer = operation == ArpOperation::Reply && target == own;
            let waited = self
                .neighbours
                .told(source.into(), place, is_answer, self.now);
            self.let_go(place, waited);
        }
        Some(())
    }

    /// What a neighbour asks; whether somebody asks for an address because he wants it
    /// for himself.
    pub fn hear_question(&mut self, message: &[u8], source: IpAddress) -> Option<Ipv6Address> {
        let asked = Neighbour::read(message)?;
        if source.is_unspecified() {
            return self.hear_wish(asked.target);
        }
        let card = self.card?;
        let place = asked.place?;
        // DEFENCE: answers-for-itself
        if !self.addresses.is_on_link(asked.target.into()) {
            return None;
        }
        let waited = self.neighbours.asked_by(source, place, self.now);
        self.let_go(place, waited);
        let answer = Neighbour::answer(asked.target, card.address, true);
        self.say_v6(place, asked.target.into(), source, &answer);
        None
    }

    /// Somebody wants an address: it is said that this machine has it, if that is so.
    fn hear_wish(&mut self, address: Ipv6Address) -> Option<Ipv6Address> {
        if !self.addresses.is_on_link(address.into()) {
            return Some(address);
        }
        let all = IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let answer = Neighbour::answer(address, self.card?.address, false);
        self.say_v6(group(all), address.into(), all, &answer);
        None
    }

    /// What a neighbour answers; the address that it has.
    pub fn hear_answer(&mut self, message: &[u8]) -> Option<Ipv6Address> {
        let answer = Neighbour::read(message)?;
        let address = IpAddress::Ipv6(answer.target);
        if self.addresses.is_own(address) {
            return None;
        }
        let known = self.neighbours.place_of(address);
        if let Some(place) = answer.place.or(known)
            // DEFENCE: place-stays-unless-better
            && (answer.is_better || known.is_none_or(|known| known == place))
        {
            let is_answer = answer.is_answer;
            let waited = self.neighbours.told(address, place, is_answer, self.now);
            self.let_go(place, waited);
        }
        Some(answer.target)
    }

    /// A router says where it is.
    pub fn hear_router(&mut self, address: Ipv6Address, place: EthernetAddress) {
        let waited = self.neighbours.asked_by(address.into(), place, self.now);
        self.let_go(place, waited);
    }

    fn let_go<const N: usize>(&mut self, place: EthernetAddress, waited: [Option<Waiting>; N]) {
        for packet in waited.into_iter().flatten() {
            self.go_to(place, packet.buffer, packet.size);
        }
    }

    fn say_arp(&mut self, place: EthernetAddress, what: &ArpRepr) {
        let Some(card) = self.card.filter(|card| card.has_link) else {
            return;
        };
        let Some(buffer) = self.frames.take(Size::Reserved) else {
            return;
        };
        let frame = self.frames.bytes(&buffer);
        if let Some(packet) = frame.get_mut(..FRAME_MIN) {
            // DEFENCE: short-frames-are-zeroed
            packet.fill(0);
        }
        if let Some(packet) = frame.get_mut(START..START + ARP_SIZE) {
            what.emit(&mut ArpPacket::new_unchecked(packet));
        }
        Header::default().write(frame);
        ethernet::write(frame, place, card.address, ethernet::ARP);
        self.frames.send(buffer, FRAME_MIN);
    }

    /// Sends a packet of IPv4 to everybody on the link, maybe without an address.
    pub fn say_to_all(
        &mut self,
        source: IpAddress,
        protocol: IpProtocol,
        hop_limit: u8,
        message: &[u8],
    ) {
        let all = IpAddress::v4(255, 255, 255, 255);
        let place = EthernetAddress::BROADCAST;
        self.say(place, source, all, protocol, hop_limit, message);
    }

    fn say_v6(
        &mut self,
        place: EthernetAddress,
        source: IpAddress,
        target: IpAddress,
        message: &[u8],
    ) {
        self.say(place, source, target, IpProtocol::Icmpv6, NEAR, message);
    }

    /// Sends a message of ICMP, or one like it, to a place that is known.
    pub(super) fn say(
        &mut self,
        place: EthernetAddress,
        source: IpAddress,
        target: IpAddress,
        protocol: IpProtocol,
        hop_limit: u8,
        message: &[u8],
    ) {
        let packet = Outgoing {
            source,
            target,
            protocol,
            hop_limit,
            segment: None,
            header: 0,
        };
        if !self.card.is_some_and(|card| card.has_link) {
            return;
        }
        let Some(buffer) = self.frames.take(Size::Reserved) else {
            return;
        };
        let frame = self.frames.bytes(&buffer);
        let start = START + header::size(&packet);
        let end = start.saturating_add(message.len());
        if let Some(payload) = frame.get_mut(start..end) {
            payload.copy_from_slice(message);
            match protocol {
                // What stands behind that has its own.
                IpProtocol::HopByHop => {}
                IpProtocol::Udp => checksum::fill(&packet, payload, 6),
                _ => checksum::fill(&packet, payload, 2),
            }
        }
        Header::default().write(frame);
        let place_of_ip = frame.get_mut(START..).unwrap_or(&mut []);
        header::write(&packet, message.len(), None, place_of_ip);
        self.go_to(place, buffer, end);
    }
}
