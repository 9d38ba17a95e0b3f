//! Names of sockets, and the addresses in them.
//!
//! A socket of IPv6 that is not of that alone sees addresses of IPv4 as mapped ones
//! (RFC 4291, 2.5.5.2), and means them by these.

use domains::errno::{EAFNOSUPPORT, ENETUNREACH};
use domains::network::Name;
use smoltcp::wire::{IpAddress, Ipv4Address, Ipv6Address};

use crate::carrier::Errno;
use crate::ip::addresses::is_of_link;
use crate::node;

/// Of which versions of the Internet protocol a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// Both.
    Dual,
    /// IPv6.
    V6,
}

impl Family {
    /// Whether a socket of this family can speak to `address`.
    pub const fn has(self, address: IpAddress) -> bool {
        match address {
            IpAddress::Ipv4(_) => !matches!(self, Family::V6),
            IpAddress::Ipv6(_) => !matches!(self, Family::V4),
        }
    }

    /// The address that a socket of this family means by a name.
    ///
    /// # Errors
    ///
    /// It is of another family.
    pub fn address(self, name: &Name) -> Result<IpAddress, Errno> {
        let [a, b, c, d, ..] = name.address;
        let v4 = IpAddress::Ipv4(Ipv4Address::new(a, b, c, d));
        let address = match (name.version, self) {
            (Name::V4, Family::V4 | Family::Dual) => v4,
            (Name::V6, Family::V6 | Family::Dual) => unmapped(name.address),
            _ => return Err(EAFNOSUPPORT),
        };
        self.has(address).then_some(address).ok_or(ENETUNREACH)
    }

    /// The name of an address, as a socket of this family sees it.
    pub fn name(self, address: IpAddress, port: u16) -> Name {
        match (address, self) {
            (IpAddress::Ipv4(address), Family::V4) => Name::v4(address.octets(), port),
            (IpAddress::Ipv4(address), _) => Name::v6(address.to_ipv6_mapped().octets(), port),
            (IpAddress::Ipv6(address), _) => {
                let is_of_link = is_of_link(address) && !address.is_unspecified();
                let scope = if is_of_link { node::CARD } else { 0 };
                Name {
                    scope,
                    ..Name::v6(address.octets(), port)
                }
            }
        }
    }

    /// The name of all addresses.
    pub fn everywhere(self, port: u16) -> Name {
        match self {
            Family::V4 => Name::v4([0; 4], port),
            Family::Dual | Family::V6 => Name::v6([0; 16], port),
        }
    }
}

/// The address in these bytes, of IPv4 if it is a mapped one.
pub fn unmapped(bytes: [u8; 16]) -> IpAddress {
    let address = Ipv6Address::from(bytes);
    match address.to_ipv4_mapped() {
        Some(address) => address.into(),
        None => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv4_is_mapped_for_sockets_of_both() {
        let address = IpAddress::v4(10, 0, 2, 15);
        let name = Family::Dual.name(address, 80);
        assert_eq!(name.version, Name::V6);
        assert_eq!(name.address[10..], [0xff, 0xff, 10, 0, 2, 15]);
        assert_eq!(Family::Dual.address(&name), Ok(address));
        assert_eq!(Family::V6.address(&name), Err(ENETUNREACH));
        assert_eq!(Family::V4.address(&name), Err(EAFNOSUPPORT));
        let name = Family::V4.name(address, 80);
        assert_eq!(Family::Dual.address(&name), Ok(address));
        assert_eq!(Family::V6.address(&name), Err(EAFNOSUPPORT));
        assert_eq!(Family::Dual.address(&Name::NONE), Err(EAFNOSUPPORT));
    }

    #[test]
    fn an_address_of_the_link_says_so() {
        let link = IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        assert_eq!(Family::V6.name(link, 1).scope, node::CARD);
        let wide = IpAddress::v6(0x2001, 0, 0, 0, 0, 0, 0, 1);
        assert_eq!(Family::V6.name(wide, 1).scope, 0);
    }
}
