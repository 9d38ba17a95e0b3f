//! Packets and messages of the network that are right.

use cell_net::carrier::Outgoing;
use cell_net::ip::{checksum, header};
use domains::network::packets::HEADER;
use smoltcp::wire::{IpAddress, IpProtocol};

use crate::targets::network::CARD;

/// Who sends.
const PEER_CARD: [u8; 6] = [2, 0, 0, 0, 0, 2];
const PEER: IpAddress = IpAddress::v4(10, 0, 2, 2);
const OWN: IpAddress = IpAddress::v4(10, 0, 2, 15);
const NEAR: IpAddress = IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const LINK: IpAddress = IpAddress::v6(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);

/// A packet of IPv4 from the peer; the checksum of what it carries is at `sum_at`.
pub(super) fn v4(protocol: IpProtocol, payload: &[u8], sum_at: usize) -> Vec<u8> {
    packet(PEER, OWN, protocol, payload, sum_at)
}

/// The same of IPv6, with the longest way behind it, as neighbours have it.
pub(super) fn v6(protocol: IpProtocol, payload: &[u8], sum_at: usize) -> Vec<u8> {
    let mut packet = packet(NEAR, LINK, protocol, payload, sum_at);
    packet[7] = 255;
    packet
}

fn packet(
    source: IpAddress,
    target: IpAddress,
    protocol: IpProtocol,
    payload: &[u8],
    sum_at: usize,
) -> Vec<u8> {
    let packet = Outgoing {
        source,
        target,
        protocol,
        hop_limit: 64,
        segment: None,
        header: 0,
    };
    let size = header::size(&packet);
    let mut bytes = vec![0; size];
    bytes.extend(payload);
    checksum::fill(&packet, &mut bytes[size..], sum_at);
    header::write(&packet, payload.len(), None, &mut bytes);
    bytes
}

/// A datagram of UDP.
pub(super) fn datagram(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let words = [from, to, 8 + payload.len() as u16, 0].map(u16::to_be_bytes);
    [words.as_flattened(), payload].concat()
}

/// A segment of TCP without options.
pub(super) fn segment(flags: u8) -> Vec<u8> {
    let mut segment = vec![0, 9, 0, 80];
    segment.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 4, 0, 0, 0, 0, 0]);
    segment
}

/// A frame with a header of virtio-net.
pub(super) fn frame(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    frame[10] = 1;
    frame.extend(CARD.0);
    frame.extend(PEER_CARD);
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A question or an answer of ARP from the peer.
pub(super) fn arp(operation: u8) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
    packet.extend(PEER_CARD);
    packet.extend([10, 0, 2, 2]);
    packet.extend(CARD.0);
    packet.extend([10, 0, 2, 15]);
    frame(0x0806, &packet)
}

/// What a server of addresses answers.
pub(super) fn dhcp(kind: u8) -> Vec<u8> {
    let mut message = vec![0; 240];
    message[..4].copy_from_slice(&[2, 1, 6, 0]);
    message[16..20].copy_from_slice(&[10, 0, 2, 15]);
    message[28..34].copy_from_slice(&CARD.0);
    message[236..].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    let options: [(u8, &[u8]); 8] = [
        (53, &[kind]),
        (54, &[10, 0, 2, 2]),
        (51, &[0, 0, 14, 16]),
        (1, &[255, 255, 255, 0]),
        (3, &[10, 0, 2, 2]),
        (6, &[10, 0, 2, 3]),
        (26, &[5, 220]),
        (15, b"example.org"),
    ];
    for (kind, data) in options {
        message.extend([kind, data.len() as u8]);
        message.extend(data);
    }
    message.push(255);
    message
}

/// What a router says.
pub(super) fn advertisement() -> Vec<u8> {
    let network = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend([1, 1, 2, 0, 0, 0, 0, 0x22]);
    message.extend([5, 1, 0, 0, 0, 0, 5, 0x78]);
    message.extend([
        3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0,
    ]);
    message.extend(network);
    message.extend([25, 3, 0, 0, 0, 0, 2, 0x58]);
    message.extend(network);
    message.extend([31, 3, 0, 0, 0, 0, 2, 0x58]);
    message.extend(b"\x03lan\x07example\0\0\0\0");
    message
}
