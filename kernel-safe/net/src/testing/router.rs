//! What a router of IPv6 says.

use smoltcp::wire::Ipv6Address;

/// The network that it speaks of.
pub(crate) const NETWORK: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
/// The server of names that it speaks of.
pub(crate) const SERVER: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);

/// Its message, without a checksum.
pub(crate) fn advertisement(lifetime: u16) -> Vec<u8> {
    let mut message = vec![134, 0, 0, 0, 64, 0];
    message.extend(lifetime.to_be_bytes());
    message.extend([0; 8]);
    message.extend([1, 1, 2, 0, 0, 0, 0, 0x22]);
    message.extend([5, 1, 0, 0, 0, 0, 0x05, 0x78]);
    message.extend([3, 4, 64, 0xc0]);
    message.extend(86_400_u32.to_be_bytes());
    message.extend(14_400_u32.to_be_bytes());
    message.extend([0; 4]);
    message.extend(NETWORK.octets());
    message.extend([25, 3, 0, 0]);
    message.extend(600_u32.to_be_bytes());
    message.extend(SERVER.octets());
    message.extend([31, 3, 0, 0]);
    message.extend(600_u32.to_be_bytes());
    message.extend(b"\x03lan\x07example\0\0\0\0");
    message
}
