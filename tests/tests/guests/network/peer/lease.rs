//! A server of DHCP, which lends what it is told to, or says nothing.

use std::net::Ipv4Addr;

use smoltcp::wire::{DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, Ipv4Address};

use super::Frame;
use super::lan::{GOOD, Lan, PREFIX};
use super::packet::{self, Host, UDP, datagram, v4};

/// The ports of servers and clients.
const SERVER: u16 = 67;
const CLIENT: u16 = 68;

/// How long a lease is, in seconds: as short as they may be.
pub(super) const SECONDS: u32 = 60;

/// What the server does with what it is asked.
pub(super) struct Server {
    /// What it lends; it refuses any other address.
    pub(super) lends: Ipv4Addr,
    /// How many questions it does not hear.
    pub(super) deaf: usize,
    /// What it was asked so far.
    pub(super) asked: Vec<DhcpMessageType>,
}

impl Server {
    pub(super) fn lending(lends: Ipv4Addr) -> Server {
        Server {
            lends,
            deaf: 0,
            asked: Vec::new(),
        }
    }

    /// Answers what was asked meanwhile.
    pub(super) fn serve(&mut self, lan: &mut Lan) -> std::io::Result<()> {
        let heard: Vec<Frame> = lan.heard.drain(..).collect();
        let all = heard.iter().filter_map(|frame| self.answer(frame));
        let answers: Vec<Frame> = all.collect();
        lan.wire.send(answers)
    }

    fn answer(&mut self, frame: &[u8]) -> Option<Frame> {
        let payload = packet::payload(frame, UDP)?;
        if packet::ports(frame)? != (CLIENT, SERVER) {
            return None;
        }
        let packet = DhcpPacket::new_checked(payload.get(8..)?).ok()?;
        let question = DhcpRepr::parse(&packet).ok()?;
        self.asked.push(question.message_type);
        if self.asked.len() <= self.deaf {
            return None;
        }
        // A renewal names its address as its own.
        let named = [question.requested_ip, Some(question.client_ip)];
        let wanted = named.into_iter().flatten().find(|it| !it.is_unspecified());
        let kind = match question.message_type {
            DhcpMessageType::Discover => DhcpMessageType::Offer,
            DhcpMessageType::Request if wanted == Some(self.lends) => DhcpMessageType::Ack,
            DhcpMessageType::Request => DhcpMessageType::Nak,
            _ => return None,
        };
        Some(self.message(kind, &question))
    }

    fn message(&self, kind: DhcpMessageType, question: &DhcpRepr<'_>) -> Frame {
        let is_yes = kind != DhcpMessageType::Nak;
        let lends = if is_yes {
            self.lends
        } else {
            Ipv4Address::UNSPECIFIED
        };
        let answer = DhcpRepr {
            message_type: kind,
            transaction_id: question.transaction_id,
            secs: 0,
            client_hardware_address: question.client_hardware_address,
            client_ip: Ipv4Address::UNSPECIFIED,
            your_ip: lends,
            server_ip: GOOD.address,
            router: is_yes.then_some(GOOD.address),
            subnet_mask: is_yes.then_some(Ipv4Addr::from(u32::MAX << (32 - PREFIX))),
            relay_agent_ip: Ipv4Address::UNSPECIFIED,
            broadcast: question.broadcast,
            requested_ip: None,
            client_identifier: None,
            server_identifier: Some(GOOD.address),
            parameter_request_list: None,
            dns_servers: None,
            max_size: None,
            lease_duration: is_yes.then_some(SECONDS),
            renew_duration: None,
            rebind_duration: None,
            additional_options: &[],
        };
        let mut bytes = vec![0; answer.buffer_len()];
        let emitted = answer.emit(&mut DhcpPacket::new_unchecked(&mut bytes));
        debug_assert!(emitted.is_ok(), "there is room for it");
        let everybody = Host {
            card: EthernetAddress::BROADCAST,
            address: Ipv4Addr::BROADCAST,
        };
        v4(GOOD, everybody, UDP, &datagram((SERVER, CLIENT), &bytes))
    }
}
