//! An address of the Internet with a port, as it passes between domains.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where a socket is, or whom it speaks to.
#[repr(C)]
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Debug,
    Default,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
)]
pub struct Name {
    /// The version of the Internet protocol, [`Name::V4`] or [`Name::V6`]; any other
    /// is that of no address.
    pub version: u16,
    /// The port; zero for none.
    pub port: u16,
    /// The number of the interface that an address of IPv6 is of, zero for any.
    pub scope: u32,
    /// The address as it travels; an address of IPv4 is in the first four bytes.
    pub address: [u8; 16],
}

impl Name {
    /// No address.
    pub const NONE: Name = Name {
        version: 0,
        port: 0,
        scope: 0,
        address: [0; 16],
    };
    /// The version of an address of four bytes.
    pub const V4: u16 = 4;
    /// The version of an address of sixteen bytes.
    pub const V6: u16 = 6;
    /// Bytes of a name.
    pub const SIZE: usize = size_of::<Name>();

    /// This address of IPv4 with this port.
    pub const fn v4(address: [u8; 4], port: u16) -> Name {
        let [a, b, c, d] = address;
        let mut name = Name::NONE;
        (name.version, name.port) = (Name::V4, port);
        name.address = [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        name
    }

    /// This address of IPv6 with this port.
    pub const fn v6(address: [u8; 16], port: u16) -> Name {
        Name {
            version: Name::V6,
            port,
            scope: 0,
            address,
        }
    }

    /// Whether it has no address of its own: all of it is zero, or there is none.
    pub const fn is_unspecified(&self) -> bool {
        u128::from_ne_bytes(self.address) == 0
    }
}

const _: () = assert!(
    Name::SIZE == 24,
    "both sides of a gate know it by that size"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_four_bytes_stands_first() {
        let name = Name::v4([127, 0, 0, 1], 80);
        assert_eq!(name.address[..5], [127, 0, 0, 1, 0]);
        assert!(!name.is_unspecified());
        assert!(Name::v4([0; 4], 80).is_unspecified());
        assert!(!Name::v6([1; 16], 0).is_unspecified());
    }
}
