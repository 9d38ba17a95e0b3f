//! Checksums of what packets carry, with the addresses that count in them.

use smoltcp::wire::{IpAddress, IpProtocol};

use super::sum::Sum;
use crate::bytes;
use crate::carrier::{Incoming, Outgoing};

/// Computes the checksum at `at`.
pub fn fill(packet: &Outgoing, payload: &mut [u8], at: usize) {
    bytes::put_half(payload, at, 0);
    let (source, target) = (packet.source, packet.target);
    let of_addresses = of_addresses(source, target, packet.protocol, payload.len());
    let sum = !Sum::of(payload).and_sum(of_addresses).folded();
    // For UDP zero says that there is none, and means the same as this.
    let is_none = sum == 0 && packet.protocol == IpProtocol::Udp;
    bytes::put_half(payload, at, if is_none { 0xffff } else { sum });
}

/// Writes what a card adds the rest to.
pub fn begin(packet: &Outgoing, payload: &mut [u8], at: usize) {
    let (source, target) = (packet.source, packet.target);
    let sum = of_addresses(source, target, packet.protocol, payload.len());
    bytes::put_half(payload, at, sum.folded());
}

/// Whether the checksum of what came is right.
pub fn is_right(packet: &Incoming<'_>, protocol: IpProtocol) -> bool {
    let size = packet.payload.len();
    let of_addresses = of_addresses(packet.source, packet.target, protocol, size);
    Sum::of(packet.payload).and_sum(of_addresses).folded() == !0
}

/// The sum of the addresses and of what else counts; nothing of it counts for ICMP of
/// IPv4.
fn of_addresses(
    source: IpAddress,
    target: IpAddress,
    protocol: IpProtocol,
    size: usize,
) -> Sum {
    if protocol == IpProtocol::Icmp || protocol == IpProtocol::Igmp {
        return Sum::default();
    }
    let both = match (source, target) {
        (IpAddress::Ipv4(source), IpAddress::Ipv4(target)) => {
            Sum::of(&source.octets()).and_sum(Sum::of(&target.octets()))
        }
        (IpAddress::Ipv6(source), IpAddress::Ipv6(target)) => {
            Sum::of(&source.octets()).and_sum(Sum::of(&target.octets()))
        }
        // Nobody sends that.
        _ => return Sum::default(),
    };
    both.and_number(u8::from(protocol).into())
        .and((size as u32).to_be().into())
}
