//! How a machine takes part in a network: addresses, routers, servers of names.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a name of a host, or of a domain; what is not used is zero.
pub const NAME_SIZE: usize = 64;
/// How many servers of names there are.
pub const SERVERS: usize = 3;

/// Bits of [`Setting::flags`].
pub mod flag {
    /// The address of IPv4, its prefix and its router are given; else DHCP is asked.
    pub const STATIC_V4: u32 = 1 << 0;
    /// The address of IPv6, its prefix and its router are given; else routers are
    /// heard.
    pub const STATIC_V6: u32 = 1 << 1;
    /// The servers of names are given; what DHCP says of them does not count.
    pub const STATIC_SERVERS: u32 = 1 << 2;
    /// There is a link: in what is told, not in what is given.
    pub const LINK: u32 = 1 << 3;
    /// There is an address of IPv4, or none will be had: in what is told.
    pub const SETTLED_V4: u32 = 1 << 4;
}

/// What the host tool gives the guest, and what the stack tells of what it has.
#[repr(C)]
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Setting {
    /// Bits of [`flag`].
    pub flags: u32,
    /// How many bits of the address of IPv4 are the network's.
    pub prefix_v4: u8,
    /// How many bits of the address of IPv6 are the network's.
    pub prefix_v6: u8,
    /// Zero.
    pub reserved: [u8; 2],
    /// The address of IPv4; zero for none.
    pub address_v4: [u8; 4],
    /// The router of IPv4; zero for none.
    pub router_v4: [u8; 4],
    /// The address of IPv6 beside that of the link; zero for none.
    pub address_v6: [u8; 16],
    /// The router of IPv6; zero for none.
    pub router_v6: [u8; 16],
    /// Servers of names, as addresses of IPv6; one of IPv4 is mapped (RFC 4291,
    /// 2.5.5.2). Zero for none.
    pub servers: [[u8; 16]; SERVERS],
    /// What this host is called.
    pub host: Text,
    /// The domain in which names without a dot are looked up.
    pub domain: Text,
}

impl Setting {
    /// Nothing is given: DHCP and routers are asked for all.
    pub const NONE: Setting = Setting {
        flags: 0,
        prefix_v4: 0,
        prefix_v6: 0,
        reserved: [0; 2],
        address_v4: [0; 4],
        router_v4: [0; 4],
        address_v6: [0; 16],
        router_v6: [0; 16],
        servers: [[0; 16]; SERVERS],
        host: Text([0; NAME_SIZE]),
        domain: Text([0; NAME_SIZE]),
    };
}

/// A short text, filled up with zeros.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Text(pub [u8; NAME_SIZE]);

impl Text {
    /// The text of these bytes; none if they are too many, or there is a zero.
    pub fn new(bytes: &[u8]) -> Option<Text> {
        let mut text = Text::default();
        let place = text.0.get_mut(..bytes.len())?;
        place.copy_from_slice(bytes);
        (!bytes.contains(&0)).then_some(text)
    }

    /// Its bytes, up to the first zero.
    pub fn bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        self.0.get(..end.unwrap_or(NAME_SIZE)).unwrap_or(&[])
    }
}

impl Default for Text {
    fn default() -> Self {
        Text([0; NAME_SIZE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_by_zeroes() {
        assert_eq!(Setting::NONE, Setting::default());
        assert!(Setting::NONE.as_bytes().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_text_is_as_long_as_it_was() {
        for text in [&b""[..], b"a", &[b'x'; NAME_SIZE]] {
            assert_eq!(Text::new(text).expect("it is short").bytes(), text);
        }
        assert_eq!(Text::new(&[b'x'; NAME_SIZE + 1]), None);
        assert_eq!(Text::new(b"a\0b"), None);
    }
}
