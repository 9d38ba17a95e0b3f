//! Checksums of what packets carry, with the addresses that count in them.

use smoltcp::wire::{IpAddress, IpProtocol, checksum};

use crate::bytes;
use crate::carrier::{Incoming, Outgoing};

/// Computes the checksum at `at`.
pub fn fill(packet: &Outgoing, payload: &mut [u8], at: usize) {
    bytes::put_half(payload, at, 0);
    let of_addresses =
        of_addresses(packet.source, packet.target, packet.protocol, payload.len());
    let sum = !checksum::combine(&[of_addresses, checksum::data(payload)]);
    // For UDP zero says that there is none, and means the same as this.
    let is_none = sum == 0 && packet.protocol == IpProtocol::Udp;
    bytes::put_half(payload, at, if is_none { 0xffff } else { sum });
}

/// Writes what a card adds the rest to.
pub fn begin(packet: &Outgoing, payload: &mut [u8], at: usize) {
    let (source, target) = (packet.source, packet.target);
    let sum = of_addresses(source, target, packet.protocol, payload.len());
    bytes::put_half(payload, at, sum);
}

/// Whether the checksum of what came is right.
pub fn is_right(packet: &Incoming<'_>, protocol: IpProtocol) -> bool {
    let size = packet.payload.len();
    let of_addresses = of_addresses(packet.source, packet.target, protocol, size);
    checksum::combine(&[of_addresses, checksum::data(packet.payload)]) == !0
}

/// The sum of the addresses and of what else counts; nothing of it counts for ICMP of
/// IPv4.
fn of_addresses(
    source: IpAddress,
    target: IpAddress,
    protocol: IpProtocol,
    size: usize,
) -> u16 {
    let is_of_one_kind = source.version() == target.version();
    if protocol == IpProtocol::Icmp || protocol == IpProtocol::Igmp || !is_of_one_kind {
        return 0;
    }
    checksum::pseudo_header(&source, &target, protocol, size as u32)
}
