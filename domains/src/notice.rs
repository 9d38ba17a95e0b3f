//! Notices: what the safe kernel tells the host of a run that goes on.
//!
//! A notice is a number and a value of 64 bits, so that the core passes it on as it
//! is, by the call that takes lines of backtraces, too. The core sends
//! [`NOTICES_MAX`] and no more, and none whose value means nothing. The safe kernel
//! says the same thing once: a program that listens again and again is no news.

use core::fmt;
use core::net::Ipv4Addr;

/// How many notices the core sends to the host, and no more.
pub const NOTICES_MAX: u32 = 128;

/// The number of the first kind. Those below are kinds of lines of backtraces.
const FIRST: u64 = 16;

/// What the safe kernel tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Notice {
    /// A socket of the program waits for whoever comes.
    Listens(Listener),
    /// The guest has an address of IPv4, or knows that it will have none.
    Network(Lease),
}

/// A socket that waits for others: a stream that listens, or a datagram socket that
/// was bound to a port by its number. (A port that the stack chose is nobody's
/// business.)
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// What it speaks.
    pub protocol: Protocol,
    /// By which versions of the Internet protocol it can be reached.
    pub versions: Versions,
    /// Whether it is bound to an address of the guest's own loopback, where nobody
    /// from outside comes.
    pub is_local: bool,
}

/// What is spoken on a port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Protocol {
    /// TCP, by its number in headers of the Internet protocol.
    Tcp = 6,
    /// UDP, likewise.
    Udp = 17,
}

/// Versions of the Internet protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Versions {
    /// Either: a socket of IPv6 that takes IPv4, too.
    Both = 0,
    /// IPv4 alone.
    V4 = 4,
    /// IPv6 alone.
    V6 = 6,
}

/// An address of IPv4, and where it is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lease {
    /// The address; zero for none.
    pub address: [u8; 4],
    /// How many bits of it are the network's.
    pub prefix: u8,
    /// Where it is from.
    pub origin: Origin,
}

/// Where an address is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Origin {
    /// The host tool gave it.
    Given = 0,
    /// A server of DHCP lent it. Without an address: none answered.
    Dhcp = 1,
}

impl Notice {
    /// The number and the value by which the core knows it.
    pub const fn words(self) -> [u64; 2] {
        match self {
            Notice::Listens(listener) => [FIRST, listener.word()],
            Notice::Network(lease) => [FIRST + 1, lease.word()],
        }
    }

    /// The notice with this number and this value; none if they mean nothing.
    pub fn read(number: u64, value: u64) -> Option<Notice> {
        let notice = match number.checked_sub(FIRST)? {
            0 => Notice::Listens(Listener::read(value)?),
            1 => Notice::Network(Lease::read(value)?),
            _ => return None,
        };
        // DEFENCE: notice-whole
        (notice.words() == [number, value]).then_some(notice)
    }

    /// The word for its kind on the channel.
    pub const fn name(self) -> &'static str {
        match self {
            Notice::Listens(_) => "listens",
            Notice::Network(_) => "network",
        }
    }

    /// The notice whose kind has this word, with this value.
    pub fn named(name: &str, value: u64) -> Option<Notice> {
        let mut numbers = FIRST..FIRST + 2;
        numbers.find_map(|number| {
            Notice::read(number, value).filter(|notice| notice.name() == name)
        })
    }
}

impl Listener {
    /// The port, the protocol from bit 16 on, the version from bit 24 on, and bit 32.
    const fn word(self) -> u64 {
        self.port as u64
            | (self.protocol as u64) << 16
            | (self.versions as u64) << 24
            | (self.is_local as u64) << 32
    }

    /// What the lower bits say, whatever the others do.
    fn read(word: u64) -> Option<Listener> {
        let [low, high, protocol, versions, local, ..] = word.to_le_bytes();
        Some(Listener {
            port: u16::from_le_bytes([low, high]),
            protocol: match protocol {
                6 => Protocol::Tcp,
                17 => Protocol::Udp,
                _ => return None,
            },
            versions: match versions {
                0 => Versions::Both,
                4 => Versions::V4,
                6 => Versions::V6,
                _ => return None,
            },
            is_local: local & 1 != 0,
        })
    }
}

impl Lease {
    /// The address, the prefix from bit 32 on, and the origin from bit 40 on.
    const fn word(self) -> u64 {
        u32::from_be_bytes(self.address) as u64
            | (self.prefix as u64) << 32
            | (self.origin as u64) << 40
    }

    /// What the lower bits say, whatever the others do.
    fn read(word: u64) -> Option<Lease> {
        let [_, _, _, _, prefix, origin, ..] = word.to_le_bytes();
        let known = Lease {
            address: (word as u32).to_be_bytes(),
            prefix,
            origin: match origin {
                0 => Origin::Given,
                1 => Origin::Dhcp,
                _ => return None,
            },
        };
        (prefix <= 32).then_some(known)
    }

    /// The address; none if there is none.
    pub fn address(&self) -> Option<Ipv4Addr> {
        Some(Ipv4Addr::from(self.address)).filter(|address| !address.is_unspecified())
    }
}

impl Protocol {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, value] = self.words();
        write!(f, "notice kind={} value={value:#x}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEB: Listener = Listener {
        port: 80,
        protocol: Protocol::Tcp,
        versions: Versions::V4,
        is_local: false,
    };

    #[test]
    fn a_listener_is_a_port_a_protocol_and_a_version() {
        assert_eq!(Notice::Listens(WEB).words(), [16, 80 | 6 << 16 | 4 << 24]);
        let own = Listener {
            port: 53,
            protocol: Protocol::Udp,
            versions: Versions::Both,
            is_local: true,
        };
        assert_eq!(Notice::Listens(own).words(), [16, 53 | 17 << 16 | 1 << 32]);
    }

    #[test]
    fn a_lease_has_an_address_or_none() {
        let lease = Lease {
            address: [10, 0, 2, 15],
            prefix: 24,
            origin: Origin::Dhcp,
        };
        let words = [17, 0x0a00_020f | 24 << 32 | 1 << 40];
        assert_eq!(Notice::Network(lease).words(), words);
        assert_eq!(lease.address(), Some(Ipv4Addr::new(10, 0, 2, 15)));
        let none = Lease {
            address: [0; 4],
            prefix: 0,
            ..lease
        };
        assert_eq!(none.address(), None);
    }

    /// So the host never hears one that it cannot read, nor two that are one.
    #[test]
    fn what_means_nothing_is_no_notice() {
        let [number, value] = Notice::Listens(WEB).words();
        for (number, value) in [
            (number, value | 1 << 33),
            (number, value | 1 << 63),
            (number, 80 | 1 << 16 | 4 << 24),
            (number, 80 | 6 << 16 | 5 << 24),
            (number + 1, 33 << 32),
            (number + 1, 2 << 40),
            (number + 1, 1 << 48),
            (number + 2, 0),
            (number - 1, value),
            (0, 0),
            (u64::MAX, value),
        ] {
            assert_eq!(Notice::read(number, value), None, "{number} {value:#x}");
        }
        assert_eq!(Notice::named("listen", value), None);
        assert_eq!(Notice::named("network", u64::MAX), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_said_the_same_way(number in 15..20u64, value: u64) {
            if let Some(notice) = Notice::read(number, value) {
                prop_assert_eq!(notice.words(), [number, value]);
                prop_assert_eq!(Notice::named(notice.name(), value), Some(notice));
            }
        }
    }
}
