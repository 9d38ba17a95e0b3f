//! Packets made by hand, and what is read off those that come.

use std::net::Ipv4Addr;

use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
};

use super::Frame;
use super::checksum::mend;

/// Bytes of the headers that come first.
pub(super) const ETHERNET: usize = 14;
pub(super) const V4: usize = 20;
const V6: usize = 40;

/// Numbers of protocols.
pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// A host on the link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) card: EthernetAddress,
    pub(super) address: Ipv4Addr,
}

impl Host {
    /// The one with this number. Those from 3 on are strangers.
    pub(super) const fn numbered(number: u8) -> Host {
        Host {
            card: EthernetAddress([2, 0, 0, 0, 7, number]),
            address: Ipv4Addr::new(10, 7, 0, number),
        }
    }
}

/// A frame with this packet.
pub(super) fn frame(
    source: EthernetAddress,
    target: EthernetAddress,
    kind: EthernetProtocol,
    packet: &[u8],
) -> Frame {
    let mut frame = vec![0; ETHERNET];
    let mut header = EthernetFrame::new_unchecked(&mut frame);
    header.set_src_addr(source);
    header.set_dst_addr(target);
    header.set_ethertype(kind);
    frame.extend_from_slice(packet);
    frame
}

/// A packet of IPv4 with this payload, whose checksums are right.
pub(super) fn v4(source: Host, target: Host, protocol: u8, payload: &[u8]) -> Frame {
    let size = (V4 + payload.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(size.to_be_bytes());
    // Number 7, no fragment, 64 hops, no checksum yet.
    packet.extend([0, 7, 0, 0, 64, protocol, 0, 0]);
    packet.extend(source.address.octets());
    packet.extend(target.address.octets());
    packet.extend(payload);
    let mut frame = frame(source.card, target.card, EthernetProtocol::Ipv4, &packet);
    mend(&mut frame);
    frame
}

/// The same of IPv6, between the addresses of the link.
pub(super) fn v6(source: Host, target: Host, protocol: u8, payload: &[u8]) -> Frame {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([protocol, 255]);
    packet.extend(of_link(source.card));
    packet.extend(of_link(target.card));
    packet.extend(payload);
    debug_assert!(packet.len() >= V6);
    let mut frame = frame(source.card, target.card, EthernetProtocol::Ipv6, &packet);
    mend(&mut frame);
    frame
}

/// The address of IPv6 that follows from a card's (RFC 4291, appendix A).
pub(super) fn of_link(card: EthernetAddress) -> [u8; 16] {
    let [a, b, c, d, e, f] = card.0;
    [
        0xfe,
        0x80,
        0,
        0,
        0,
        0,
        0,
        0,
        a ^ 2,
        b,
        c,
        0xff,
        0xfe,
        d,
        e,
        f,
    ]
}

/// A segment of TCP without options and with this payload.
pub(super) fn segment(
    ports: (u16, u16),
    sequence: u32,
    acknowledged: u32,
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(ports.0.to_be_bytes());
    segment.extend(ports.1.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledged.to_be_bytes());
    // Five words, a window of 32 KiB, no checksum yet, nothing urgent.
    segment.extend([0x50, flags, 0x80, 0, 0, 0, 0, 0]);
    segment.extend(payload);
    segment
}

/// Flags of a segment.
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

/// A datagram.
pub(super) fn datagram(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let size = (8 + payload.len()) as u16;
    let words = [ports.0, ports.1, size, 0];
    let mut datagram: Vec<u8> = words.into_iter().flat_map(u16::to_be_bytes).collect();
    datagram.extend(payload);
    datagram
}

/// From whom a frame is, and for whom.
pub(super) struct Header {
    pub(super) source: EthernetAddress,
    pub(super) target: EthernetAddress,
}

/// The header of a frame.
pub(super) fn header(frame: &[u8]) -> Option<Header> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    Some(Header {
        source: frame.src_addr(),
        target: frame.dst_addr(),
    })
}

/// What is behind the header of a packet of IPv4 with this protocol and no options.
pub(super) fn payload(frame: &[u8], protocol: u8) -> Option<&[u8]> {
    let is_v4 = frame.get(12..15)? == [8, 0, 0x45] && frame.get(23) == Some(&protocol);
    let size = u16::from_be_bytes(*frame.get(16..)?.first_chunk()?);
    let packet = frame.get(ETHERNET..ETHERNET + usize::from(size))?;
    packet.get(V4..).filter(|_| is_v4)
}

/// The ports of a segment or datagram: whence and where.
pub(super) fn ports(frame: &[u8]) -> Option<(u16, u16)> {
    let payload = payload(frame, TCP).or_else(|| payload(frame, UDP))?;
    let port = |at: usize| Some(u16::from_be_bytes(*payload.get(at..)?.first_chunk()?));
    Some((port(0)?, port(2)?))
}

/// A segment that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) ports: (u16, u16),
    pub(super) sequence: u32,
    pub(super) flags: u8,
}

/// The segment in a frame.
pub(super) fn segment_of(frame: &[u8]) -> Option<Segment> {
    let bytes = payload(frame, TCP)?;
    Some(Segment {
        ports: ports(frame)?,
        sequence: u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?),
        flags: *bytes.get(13)? & 0x3f,
    })
}

/// Who asks by ARP for whom.
pub(super) fn question(frame: &[u8]) -> Option<(Host, Ipv4Addr)> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    if frame.ethertype() != EthernetProtocol::Arp {
        return None;
    }
    let packet = ArpPacket::new_checked(frame.payload()).ok()?;
    match ArpRepr::parse(&packet).ok()? {
        ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Request,
            source_hardware_addr: card,
            source_protocol_addr: address,
            target_protocol_addr: wanted,
            ..
        } => Some((Host { card, address }, wanted)),
        _ => None,
    }
}

/// A packet of ARP from one host to another.
pub(super) fn arp(operation: ArpOperation, source: Host, target: Host) -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: source.card,
        source_protocol_addr: source.address,
        target_hardware_addr: target.card,
        target_protocol_addr: target.address,
    };
    let mut packet = vec![0; repr.buffer_len()];
    repr.emit(&mut ArpPacket::new_unchecked(&mut packet));
    packet
}

/// The answer of the stranger for whom a frame asks.
pub(super) fn stranger_here(frame: &[u8]) -> Option<Frame> {
    let (asking, wanted) = question(frame)?;
    let [10, 7, 0, number @ 100..=254] = wanted.octets() else {
        return None;
    };
    let stranger = Host::numbered(number);
    let answer = arp(ArpOperation::Reply, stranger, asking);
    Some(self::frame(
        stranger.card,
        asking.card,
        EthernetProtocol::Arp,
        &answer,
    ))
}
