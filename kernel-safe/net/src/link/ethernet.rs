//! Headers of Ethernet, and the addresses of groups.

use domains::network::packets::HEADER;
use smoltcp::wire::{EthernetAddress, IpAddress};

use crate::bytes;

/// The frame carries ARP.
pub const ARP: u16 = 0x0806;
/// The frame carries IPv4.
pub const V4: u16 = 0x0800;
/// The frame carries IPv6.
pub const V6: u16 = 0x86dd;

/// Where the address of a group of either family goes (RFC 1112, 6.4; RFC 2464, 7).
pub fn group(address: IpAddress) -> EthernetAddress {
    match address {
        IpAddress::Ipv4(address) => {
            let [_, b, c, d] = address.octets();
            EthernetAddress([1, 0, 0x5e, b & 0x7f, c, d])
        }
        IpAddress::Ipv6(address) => {
            let [.., a, b, c, d] = address.octets();
            EthernetAddress([0x33, 0x33, a, b, c, d])
        }
    }
}

/// Whether an address is that of one machine.
pub fn is_one(address: &EthernetAddress) -> bool {
    address.is_unicast() && address.0 != [0; 6]
}

/// Writes the header of a frame in a buffer.
pub fn write(buffer: &mut [u8], target: EthernetAddress, source: EthernetAddress, kind: u16) {
    bytes::put(buffer, HEADER, &target.0);
    bytes::put(buffer, HEADER + 6, &source.0);
    bytes::put_half(buffer, HEADER + 12, kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_an_address_made_of_its_last_bits() {
        let all = IpAddress::v4(224, 129, 0, 251);
        assert_eq!(group(all).0, [1, 0, 0x5e, 1, 0, 251]);
        let all = IpAddress::v6(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x1234);
        assert_eq!(group(all).0, [0x33, 0x33, 0xff, 0, 0x12, 0x34]);
    }
}
