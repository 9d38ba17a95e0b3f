//! To sockets of datagrams.

use smoltcp::wire::{IpAddress, IpProtocol, UdpPacket};

use super::Datagrams;
use super::index::Key;
use crate::carrier::Incoming;
use crate::ip::checksum;
use crate::ip::quote::Quote;

/// The most sockets that get a copy of a datagram to many.
const COPIES: usize = 64;

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Somebody has it, or it was to many.
    Taken,
    /// Nobody is there.
    Nobody,
    /// It is wrong.
    Wrong,
}

impl Datagrams {
    /// A packet of UDP has come, to one machine or to many.
    pub fn receive(&mut self, packet: &Incoming<'_>, is_to_many: bool) -> Heard {
        let Some((from, to, payload)) = read(packet) else {
            return Heard::Wrong;
        };
        if is_to_many {
            self.deliver_to_many(packet, from, to, payload);
            return Heard::Taken;
        }
        match self.index.find((packet.target, to), (packet.source, from)) {
            Some(number) => {
                self.deliver(number, packet.source, from, payload);
                Heard::Taken
            }
            None => Heard::Nobody,
        }
    }

    fn deliver_to_many(&mut self, packet: &Incoming<'_>, from: u16, to: u16, payload: &[u8]) {
        let mut before = None;
        // DEFENCE: copies-are-few
        for place in 0..COPIES {
            let Some(number) = self.index.at(to).get(place).copied() else {
                return;
            };
            // One of both versions is there twice.
            let is_double = before.replace(number) == Some(number);
            let socket = self.sockets.get(&number);
            let hears = socket.is_some_and(|it| it.hears(packet.target, packet.source, from));
            // DEFENCE: heard-by-those-meant
            if hears && !is_double {
                self.deliver(number, packet.source, from, payload);
            }
        }
    }

    fn deliver(&mut self, number: u32, source: IpAddress, from: u16, payload: &[u8]) {
        let socket = self.sockets.get_mut(&number);
        if socket.is_some_and(|socket| socket.deliver(source, from, payload)) {
            self.changed(number);
        }
    }

    /// A datagram of this machine went wrong: the socket is told that is connected to
    /// whom it was for. Whether there is one that may have sent it.
    pub fn unreachable(&mut self, quote: &Quote) -> bool {
        let (from, to) = quote.ports();
        let key = Key {
            port: from,
            local: quote.source,
            peer: Some((quote.target, to)),
        };
        let Some(number) = self.index.find_exactly(&key) else {
            let source = (quote.source, from);
            return self.index.find(source, (quote.target, to)).is_some();
        };
        // DEFENCE: too-large-is-no-error
        let is_lasting = !matches!(quote.wrong, crate::ip::quote::Wrong::TooLarge(_));
        if let (Some(socket), true) = (self.sockets.get_mut(&number), is_lasting) {
            socket.fail(quote.errno());
            self.changed(number);
        }
        true
    }
}

/// The ports and the bytes of a datagram, if it is right.
pub fn read<'a>(packet: &Incoming<'a>) -> Option<(u16, u16, &'a [u8])> {
    let datagram = UdpPacket::new_checked(packet.payload).ok()?;
    let is_v4 = matches!(packet.target, IpAddress::Ipv4(_));
    let has_none = datagram.checksum() == 0;
    let size = usize::from(datagram.len());
    let counted = Incoming {
        payload: packet.payload.get(..size)?,
        ..*packet
    };
    // Without a checksum it is right for IPv4 only (RFC 8200, 8.1).
    let is_right = packet.is_verified
        // DEFENCE: sums-of-ipv6
        || has_none && is_v4
        || !has_none && checksum::is_right(&counted, IpProtocol::Udp);
    let is_possible = is_right && datagram.dst_port() != 0;
    is_possible.then(|| (datagram.src_port(), datagram.dst_port(), datagram.payload()))
}
