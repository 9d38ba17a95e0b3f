//! What this machine says by ICMP: echoes, and that packets cannot be used.

use smoltcp::wire::{IpAddress, IpProtocol};

use super::Node;
use crate::bytes;
use crate::carrier::{Carrier, Checksum, Incoming, Outgoing};
use crate::ip::addresses::is_loopback;
use crate::ip::header;
use crate::lent::Lender;

/// Where the checksum is in a message.
const CHECKSUM_AT: usize = 2;
/// Bytes of a message in front of what it is about.
const HEADER: usize = 8;
/// The most bytes that are quoted of a packet, behind its header.
const QUOTED: usize = 512;
/// How many routers our own messages pass.
const HOPS: u8 = 64;

/// Why a packet cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nobody is at its port.
    Port,
    /// Nobody knows what it carries.
    Protocol,
}

impl<L: Lender> Node<L> {
    /// Answers a request for an echo.
    pub fn echo(&mut self, packet: &Incoming<'_>) {
        let reply = match packet.target {
            IpAddress::Ipv4(_) => 0,
            IpAddress::Ipv6(_) => 129,
        };
        let is_for_many = self.is_broadcast(packet.target);
        let source = if is_for_many {
            self.source_to(packet.source)
        } else {
            Ok(packet.target)
        };
        // DEFENCE: no-echo-to-everybody
        let is_answered = !(is_for_many && matches!(packet.target, IpAddress::Ipv4(_)));
        let (Ok(source), true) = (source, is_answered) else {
            return;
        };
        if !self.echoes.allows(self.now) {
            return;
        }
        let answer = icmp(source, packet.source);
        let mut fill = |place: &mut [u8]| {
            place.copy_from_slice(packet.payload);
            bytes::put(place, 0, &[reply, 0]);
        };
        let size = packet.payload.len();
        // Whoever asks will ask again.
        let _ = self.send(&answer, size, Checksum::At(CHECKSUM_AT), &mut fill);
    }

    /// Tells whoever sent it that a packet cannot be used. Nobody is told about
    /// packets to many, nor who cannot be one (RFC 1122, 3.2.2; RFC 4443, 2.4).
    pub fn refuse(&mut self, packet: &Incoming<'_>, protocol: IpProtocol, why: Why) {
        let is_for_many = self.is_broadcast(packet.target) || packet.source.is_unspecified();
        let is_to_many = self.is_broadcast(packet.source);
        let is_local = is_loopback(packet.target);
        // DEFENCE: errors-are-few
        // DEFENCE: errors-are-not-about-many
        if is_for_many || is_to_many || !(is_local || self.errors.allows(self.now)) {
            return;
        }
        let (kind, code, pointer) = match (packet.target, why) {
            (IpAddress::Ipv4(_), Why::Port) => (3, 3, 0),
            (IpAddress::Ipv4(_), Why::Protocol) => (3, 2, 0),
            (IpAddress::Ipv6(_), Why::Port) => (1, 4, 0),
            (IpAddress::Ipv6(_), Why::Protocol) => (4, 1, 6),
        };
        let quoted = Outgoing {
            source: packet.source,
            target: packet.target,
            protocol,
            hop_limit: packet.hop_limit,
            segment: None,
            header: 0,
        };
        // DEFENCE: errors-are-short
        let bytes = packet.payload.len().min(QUOTED);
        let size = header::size(&quoted).saturating_add(bytes);
        let answer = icmp(packet.target, packet.source);
        let mut fill = |place: &mut [u8]| {
            bytes::put(place, 0, &[kind, code, 0, 0, 0, 0, 0, pointer]);
            let place = place.get_mut(HEADER..).unwrap_or(&mut []);
            header::write(&quoted, packet.payload.len(), None, place);
            let head = packet.payload.get(..bytes).unwrap_or(&[]);
            bytes::put(place, header::size(&quoted), head);
        };
        let size = HEADER.saturating_add(size);
        // It may be lost as any packet.
        let _ = self.send(&answer, size, Checksum::At(CHECKSUM_AT), &mut fill);
    }
}

fn icmp(source: IpAddress, target: IpAddress) -> Outgoing {
    Outgoing {
        source,
        target,
        protocol: match target {
            IpAddress::Ipv4(_) => IpProtocol::Icmp,
            IpAddress::Ipv6(_) => IpProtocol::Icmpv6,
        },
        hop_limit: HOPS,
        segment: None,
        header: 0,
    }
}
