//! What time brings: neighbours that do not answer, parts that do not come, routers
//! that have to be told of groups.

use domains::network::packets::HEADER;
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Address, Ipv6Address};

use super::{LOST, Lost, Node};
use crate::bytes;
use crate::carrier::Outgoing;
use crate::ip::groups::{Groups, Message};
use crate::ip::{checksum, parse};
use crate::lent::Lender;
use crate::link::ethernet::group;
use crate::link::neighbours::{Due, Waiting};

/// Where a packet begins in a buffer.
const IP_AT: usize = HEADER + 14;

impl<L: Lender> Node<L> {
    /// Does what is due; when routers have to be told of groups next.
    pub fn tick(&mut self, groups: &mut Groups) -> u64 {
        self.reassembly.tick(self.now);
        if self.neighbours.deadline() <= self.now {
            self.tick_neighbours();
        }
        loop {
            let next = groups.deadline();
            if next > self.now {
                return next;
            }
            let Some(message) = groups.next_message(self.now) else {
                return next;
            };
            self.tell(message, groups);
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> u64 {
        self.neighbours.deadline().min(self.reassembly.deadline())
    }

    fn tick_neighbours(&mut self) {
        let mut batch = [const { None }; 16];
        self.neighbours.due(self.now, &mut batch);
        for due in batch.into_iter().flatten() {
            match due {
                Due::Ask(address, known) => self.ask(address, known),
                Due::GivenUp(packets) => packets
                    .into_iter()
                    .flatten()
                    .for_each(|packet| self.give_up(packet)),
            }
        }
    }

    /// A packet goes nowhere.
    fn give_up(&mut self, packet: Waiting) {
        let frame = self.frames.bytes(&packet.buffer);
        let lost = frame.get(IP_AT..packet.size).and_then(lost);
        self.frames.give_back(packet.buffer);
        let has_room = self.lost.len() < LOST && self.lost.try_reserve(1).is_ok();
        if let (Some(lost), true) = (lost, has_room) {
            self.lost.push_back(lost);
        }
    }

    /// Tells routers of a group.
    fn tell(&mut self, message: Message, groups: &Groups) {
        let (Message::Joined(address) | Message::Member(address) | Message::Left(address)) =
            message;
        let is_old = groups.is_old(address, self.now);
        match address {
            IpAddress::Ipv4(address) => self.tell_v4(message, address, is_old),
            IpAddress::Ipv6(address) => self.tell_v6(message, address, is_old),
        }
    }

    /// By IGMPv3 (RFC 3376, 4.2) or IGMPv2 (RFC 2236, 2).
    fn tell_v4(&mut self, message: Message, address: Ipv4Address, is_old: bool) {
        let source = self.addresses.address_v4().map(IpAddress::Ipv4);
        let Some(source) = source else { return };
        let mut report = [0; 16];
        let (target, size) = if is_old {
            let is_over = matches!(message, Message::Left(_));
            let kind = if is_over { 0x17 } else { 0x16 };
            bytes::put(&mut report, 0, &[kind]);
            bytes::put(&mut report, 4, &address.octets());
            let routers = Ipv4Address::new(224, 0, 0, 2);
            (if is_over { routers } else { address }, 8)
        } else {
            bytes::put(&mut report, 0, &[0x22, 0, 0, 0, 0, 0, 0, 1]);
            bytes::put(&mut report, 8, &[record(message)]);
            bytes::put(&mut report, 12, &address.octets());
            (Ipv4Address::new(224, 0, 0, 22), 16)
        };
        let target = target.into();
        let report = report.get(..size).unwrap_or(&[]);
        self.say(group(target), source, target, IpProtocol::Igmp, 1, report);
    }

    /// By MLDv2 (RFC 3810, 5.2) or MLDv1 (RFC 2710, 3), behind a header that has
    /// routers look at it.
    fn tell_v6(&mut self, message: Message, address: Ipv6Address, is_old: bool) {
        // Before the machine has an address, it is nobody who says so (RFC 3590).
        let own = self.addresses.link_local();
        let source = own.unwrap_or(Ipv6Address::UNSPECIFIED).into();
        let mut report = [0; 8 + 28];
        let alert = [IpProtocol::Icmpv6.into(), 0, 5, 2, 0, 0, 1, 0];
        bytes::put(&mut report, 0, &alert);
        let (target, size) = if is_old {
            let is_over = matches!(message, Message::Left(_));
            let kind = if is_over { 132 } else { 131 };
            bytes::put(&mut report, 8, &[kind]);
            bytes::put(&mut report, 16, &address.octets());
            let routers = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
            (if is_over { routers } else { address }, 8 + 24)
        } else {
            bytes::put(&mut report, 8, &[143, 0, 0, 0, 0, 0, 0, 1]);
            bytes::put(&mut report, 16, &[record(message)]);
            bytes::put(&mut report, 20, &address.octets());
            (Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16), 8 + 28)
        };
        let target = target.into();
        let packet = Outgoing {
            source,
            target,
            protocol: IpProtocol::Icmpv6,
            hop_limit: 1,
            segment: None,
            header: 0,
        };
        if let Some(message) = report.get_mut(8..size) {
            checksum::fill(&packet, message, 2);
        }
        let report = report.get(..size).unwrap_or(&[]);
        self.say(
            group(target),
            source,
            target,
            IpProtocol::HopByHop,
            1,
            report,
        );
    }
}

/// The kind of record that says that, with no sources left out or let in.
const fn record(message: Message) -> u8 {
    match message {
        Message::Member(_) => 2,
        Message::Left(_) => 3,
        Message::Joined(_) => 4,
    }
}

/// What is left of a packet.
fn lost(packet: &[u8]) -> Option<Lost> {
    let is_v6 = bytes::byte(packet, 0)? >> 4 == 6;
    let packet = if is_v6 {
        parse::v6(packet)
    } else {
        parse::v4(packet)
    }?;
    Some(Lost {
        source: packet.source,
        target: packet.target,
        protocol: packet.protocol,
        head: bytes::array(packet.payload, 0)?,
    })
}
