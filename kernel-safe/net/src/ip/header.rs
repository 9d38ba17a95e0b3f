//! Headers of IP of what is sent.

use smoltcp::wire::{IpAddress, IpProtocol};

use super::extension::NEXT_PART;
use super::sum::Sum;
use crate::bytes;
use crate::carrier::Outgoing;

/// Bytes of a header of IPv4.
pub const V4: usize = 20;
/// Bytes of a header of IPv6.
pub const V6: usize = 40;
/// Bytes of the header of a part of IPv6.
pub const PART_V6: usize = 8;

/// Routers must look at the packet (RFC 2113), as IGMP wants.
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
/// The packet must not be cut.
const WHOLE: u16 = 0x4000;
/// More parts follow.
const MORE: u16 = 0x2000;

/// A part of a larger packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// What all parts of the same packet say.
    pub identity: u32,
    /// Where it belongs.
    pub at: usize,
    /// Whether it is the last one.
    pub is_last: bool,
}

/// Bytes of the header of a packet.
pub fn size(packet: &Outgoing) -> usize {
    match packet.target {
        IpAddress::Ipv4(_) if packet.protocol == IpProtocol::Igmp => V4 + ROUTER_ALERT.len(),
        IpAddress::Ipv4(_) => V4,
        IpAddress::Ipv6(_) => V6,
    }
}

/// Bytes of the header of a part of a packet.
pub fn size_of_part(packet: &Outgoing) -> usize {
    match packet.target {
        IpAddress::Ipv4(_) => size(packet),
        IpAddress::Ipv6(_) => V6 + PART_V6,
    }
}

/// Writes the header of a packet, or of a part, that carries `payload` bytes.
pub fn write(packet: &Outgoing, payload: usize, part: Option<Part>, place: &mut [u8]) {
    match (packet.source, packet.target) {
        (IpAddress::Ipv4(source), IpAddress::Ipv4(target)) => {
            let addresses = [source.octets(), target.octets()];
            write_v4(packet, payload, part, addresses, place);
        }
        (IpAddress::Ipv6(source), IpAddress::Ipv6(target)) => {
            let addresses = [source.octets(), target.octets()];
            write_v6(packet, payload, part, addresses, place);
        }
        // Nobody can read that.
        _ => place.iter_mut().take(V4).for_each(|byte| *byte = 0),
    }
}

fn write_v4(
    packet: &Outgoing,
    payload: usize,
    part: Option<Part>,
    [source, target]: [[u8; 4]; 2],
    place: &mut [u8],
) {
    let size = size(packet);
    let total = size.saturating_add(payload) as u16;
    let (identity, cut) = match part {
        None => (0, WHOLE),
        Some(part) => {
            let more = if part.is_last { 0 } else { MORE };
            (part.identity as u16, (part.at / 8) as u16 | more)
        }
    };
    let Some(header) = place.get_mut(..size) else {
        return;
    };
    bytes::put(header, 0, &[0x40 | (size / 4) as u8, 0]);
    bytes::put_half(header, 2, total);
    bytes::put_half(header, 4, identity);
    bytes::put_half(header, 6, cut);
    bytes::put(header, 8, &[packet.hop_limit, packet.protocol.into(), 0, 0]);
    bytes::put(header, 12, &source);
    bytes::put(header, 16, &target);
    bytes::put(header, V4, &ROUTER_ALERT);
    let sum = !Sum::of_header(header).folded();
    bytes::put_half(header, 10, sum);
}

fn write_v6(
    packet: &Outgoing,
    payload: usize,
    part: Option<Part>,
    [source, target]: [[u8; 16]; 2],
    place: &mut [u8],
) {
    let own = if part.is_some() { PART_V6 } else { 0 };
    let next = match part {
        Some(_) => NEXT_PART,
        None => packet.protocol.into(),
    };
    bytes::put(place, 0, &[0x60, 0, 0, 0]);
    bytes::put_half(place, 4, payload.saturating_add(own) as u16);
    bytes::put(place, 6, &[next, packet.hop_limit]);
    bytes::put(place, 8, &source);
    bytes::put(place, 24, &target);
    if let Some(part) = part {
        let more = u16::from(!part.is_last);
        bytes::put(place, V6, &[packet.protocol.into(), 0]);
        bytes::put_half(place, V6 + 2, part.at as u16 & !7 | more);
        bytes::put(place, V6 + 4, &part.identity.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip::parse;

    fn packet(target: IpAddress, source: IpAddress) -> Outgoing {
        Outgoing {
            source,
            target,
            protocol: IpProtocol::Udp,
            hop_limit: 64,
            segment: None,
            header: 0,
        }
    }

    fn part(at: usize, is_last: bool) -> Option<Part> {
        Some(Part {
            identity: 0x1234,
            at,
            is_last,
        })
    }

    #[test]
    fn what_is_written_can_be_read() {
        let v4 = packet(IpAddress::v4(1, 2, 3, 4), IpAddress::v4(5, 6, 7, 8));
        for part in [None, part(0, false), part(1480, true)] {
            let mut bytes = [7; V4 + 16];
            write(&v4, 16, part, &mut bytes);
            let read = parse::v4(&bytes).expect("it is right");
            assert_eq!((read.source, read.target), (v4.source, v4.target));
            let fragment = read.fragment.map(|it| (it.identity, it.at, it.is_last));
            assert_eq!(fragment, part.map(|it| (it.identity, it.at, it.is_last)));
        }
        let one = IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let v6 = packet(one, IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 2));
        for part in [None, part(0, false), part(1448, true)] {
            let mut bytes = [7; V6 + PART_V6 + 16];
            let size = if part.is_some() { 16 } else { 16 + PART_V6 };
            write(&v6, size, part, &mut bytes);
            let read = parse::v6(&bytes).expect("it is right");
            assert_eq!((read.source, read.target), (v6.source, v6.target));
            let fragment = read.fragment.map(|it| (it.identity, it.at, it.is_last));
            assert_eq!(fragment, part.map(|it| (it.identity, it.at, it.is_last)));
        }
    }
}
