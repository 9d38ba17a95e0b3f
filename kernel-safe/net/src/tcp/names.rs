//! Names of connections: addresses and ports, as keys and as they are told.
//!
//! An address is a number of 128 bits here, those of IPv4 mapped into IPv6 (RFC 4291,
//! 2.5.5.2): no packet on a wire has such an address of IPv6, and none that says so is
//! taken.

use core::hash::{Hash, Hasher};

use domains::errno;
use domains::network::Name;
use smoltcp::wire::IpAddress;

use super::V6;
use crate::carrier::Errno;

/// Between whom a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tuple {
    pub(super) local: u128,
    pub(super) peer: u128,
    pub(super) local_port: u16,
    pub(super) peer_port: u16,
}

impl Hash for Tuple {
    /// Hashes all of it at once, which takes half as long as one after the other.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let both = u32::from(self.local_port) << 16 | u32::from(self.peer_port);
        if is_mapped(self.local) && is_mapped(self.peer) {
            // What both have in common says nothing.
            let addresses = u64::from(self.local as u32) << 32 | u64::from(self.peer as u32);
            let all = u128::from(addresses) << 32 | u128::from(both);
            return state.write(&all.to_ne_bytes());
        }
        let mut bytes = [0; 36];
        let (local, rest) = bytes.split_at_mut(16);
        let (peer, ports) = rest.split_at_mut(16);
        local.copy_from_slice(&self.local.to_ne_bytes());
        peer.copy_from_slice(&self.peer.to_ne_bytes());
        ports.copy_from_slice(&both.to_ne_bytes());
        state.write(&bytes);
    }
}

/// Whether a number is that of an address of IPv4.
const fn is_mapped(number: u128) -> bool {
    number >> 32 == 0xffff
}

/// A name for tests.
#[cfg(test)]
pub(super) const fn tuple(peer_port: u16) -> Tuple {
    Tuple {
        local: 1,
        peer: 2,
        local_port: 80,
        peer_port,
    }
}

impl Tuple {
    /// The address at this end.
    pub(super) fn local_address(&self) -> IpAddress {
        address(self.local)
    }

    /// The address at the other end.
    pub(super) fn peer_address(&self) -> IpAddress {
        address(self.peer)
    }

    /// Whether both ends are the same.
    pub(super) fn is_with_itself(&self) -> bool {
        self.local == self.peer && self.local_port == self.peer_port
    }
}

/// Bytes of the header of IP in front of packets from or to `address`.
pub(super) fn header(address: IpAddress) -> usize {
    match address {
        IpAddress::Ipv4(_) => smoltcp::wire::IPV4_HEADER_LEN,
        IpAddress::Ipv6(_) => smoltcp::wire::IPV6_HEADER_LEN,
    }
}

/// The number of an address.
pub(super) fn number(address: IpAddress) -> u128 {
    match address {
        IpAddress::Ipv4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddress::Ipv6(address) => address.to_bits(),
    }
}

/// The address of a number.
pub(super) fn address(number: u128) -> IpAddress {
    let address = core::net::Ipv6Addr::from_bits(number);
    match address.to_ipv4_mapped() {
        Some(mapped) => IpAddress::Ipv4(mapped),
        None => IpAddress::Ipv6(address),
    }
}

/// Whether a packet may come from, or go to, this address alone.
pub(super) fn is_of_one(address: IpAddress) -> bool {
    let is_mapped = match address {
        IpAddress::Ipv6(address) => address.to_ipv4_mapped().is_some(),
        IpAddress::Ipv4(_) => false,
    };
    address.is_unicast() && !is_mapped
}

/// What a socket of this version is told of an address.
pub(super) fn name(address: IpAddress, port: u16, v6: V6) -> Name {
    match (address, v6) {
        (IpAddress::Ipv4(address), V6::No) => Name::v4(address.octets(), port),
        (address, _) => Name::v6(number(address).to_be_bytes(), port),
    }
}

/// The name of no address of a socket of this version, with a port.
pub(super) fn unspecified(port: u16, v6: V6) -> Name {
    match v6 {
        V6::No => Name::v4([0; 4], port),
        V6::Dual | V6::Only => Name::v6([0; 16], port),
    }
}

/// The address that a name says to a socket of this version; none if it says none.
///
/// # Errors
///
/// Such a socket has no such address.
pub(super) fn address_of(name: &Name, v6: V6) -> Result<Option<IpAddress>, Errno> {
    match (name.version, v6) {
        (Name::V4, V6::No) => {
            let [a, b, c, d, ..] = name.address;
            let is_none = [a, b, c, d] == [0; 4];
            Ok((!is_none).then(|| IpAddress::v4(a, b, c, d)))
        }
        (Name::V6, V6::Dual | V6::Only) => {
            let address = address(u128::from_be_bytes(name.address));
            match (address, v6) {
                (IpAddress::Ipv4(_), V6::Only) => Err(errno::ENETUNREACH),
                (IpAddress::Ipv4(it), _) if it.is_unspecified() => Ok(None),
                (address, _) => Ok((!name.is_unspecified()).then_some(address)),
            }
        }
        _ => Err(errno::EAFNOSUPPORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_number() {
        for it in [
            IpAddress::v4(10, 0, 2, 15),
            IpAddress::v6(1, 2, 3, 4, 5, 6, 7, 8),
        ] {
            assert_eq!(address(number(it)), it);
        }
    }

    #[test]
    fn a_socket_of_both_versions_is_told_mapped_addresses() {
        let name = name(IpAddress::v4(10, 0, 2, 15), 80, V6::Dual);
        assert_eq!(name.version, Name::V6);
        assert_eq!(name.address[10..], [0xff, 0xff, 10, 0, 2, 15]);
        assert_eq!(
            address_of(&name, V6::Dual),
            Ok(Some(IpAddress::v4(10, 0, 2, 15)))
        );
        assert_eq!(address_of(&name, V6::Only), Err(errno::ENETUNREACH));
        assert_eq!(address_of(&name, V6::No), Err(errno::EAFNOSUPPORT));
    }
}
