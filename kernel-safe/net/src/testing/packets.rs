//! Packets that tests begin with.

use smoltcp::wire::{IpAddress, IpProtocol};

use crate::bytes;
use crate::carrier::Outgoing;
use crate::ip::{checksum, header};

/// The port that packets come from.
pub(crate) const PORT: u16 = 4000;
/// The port that they go to.
pub(crate) const OTHER_PORT: u16 = 5000;

/// A packet of IP with this payload; its checksum is at `sum_at`.
pub(crate) fn packet(
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
pub(crate) fn datagram(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes::put_half(&mut bytes, 0, from);
    bytes::put_half(&mut bytes, 2, to);
    bytes::put_half(&mut bytes, 4, 8 + payload.len() as u16);
    bytes.extend(payload);
    bytes
}

/// A datagram in a packet of IPv4.
pub(crate) fn udp_v4(payload: &[u8]) -> Vec<u8> {
    let [source, target] = [1, 2].map(|last| IpAddress::v4(10, 0, 2, last));
    let datagram = datagram(PORT, OTHER_PORT, payload);
    packet(source, target, IpProtocol::Udp, &datagram, 6)
}

/// A datagram in a packet of IPv6.
pub(crate) fn udp_v6(payload: &[u8]) -> Vec<u8> {
    let [source, target] = [1, 2].map(|last| IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, last));
    let datagram = datagram(PORT, OTHER_PORT, payload);
    packet(source, target, IpProtocol::Udp, &datagram, 6)
}
