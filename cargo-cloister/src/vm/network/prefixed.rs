//! An address of a host, and how much of it is its network's: `ADDR/PREFIX`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address with a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefixed {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no such address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidAddress {
    /// Not an address and a number.
    #[error(
        "`{0}` is no address with a prefix: write ADDR/PREFIX, such as 192.168.7.2/24 or \
         fd00:7::2/64"
    )]
    Shape(String),
    /// A prefix that leaves no room for hosts, or is longer than the address.
    #[error("the prefix of `{0}` leaves no room for a host and its router: write 1 to {1}")]
    Prefix(String, u8),
    /// An address that no host can have.
    #[error("`{0}` cannot be a host's own: it is {1}")]
    NoHost(IpAddr, &'static str),
}

impl Prefixed {
    /// This address with this prefix.
    pub(super) fn new(address: IpAddr, prefix: u8) -> Result<Prefixed, InvalidAddress> {
        let most = if address.is_ipv4() { 30 } else { 126 };
        match (1..=most).contains(&prefix) {
            true => Prefixed { address, prefix }.judge(),
            false => Err(InvalidAddress::Prefix(format!("{address}/{prefix}"), most)),
        }
    }

    /// The address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many of its bits are the network's.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether `other` is in the same network.
    pub fn is_beside(&self, other: IpAddr) -> bool {
        let is_alike = self.address.is_ipv4() == other.is_ipv4();
        is_alike && self.network() == word(other) & !self.host_bits()
    }

    /// The network's own address, as a number.
    pub(super) fn network(&self) -> u128 {
        word(self.address) & !self.host_bits()
    }

    /// The bits that are the host's.
    pub(super) fn host_bits(&self) -> u128 {
        let bits = if self.address.is_ipv4() { 32 } else { 128 };
        let host = bits - u32::from(self.prefix);
        1_u128.checked_shl(host).map_or(u128::MAX, |next| next - 1)
    }

    /// The host of this network with this number; its own version, as the rest.
    pub(super) fn host(&self, number: u128) -> IpAddr {
        let word = self.network() | number & self.host_bits();
        match self.address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(word as u32)),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(word)),
        }
    }

    /// Refuses what no host can be called.
    fn judge(self) -> Result<Prefixed, InvalidAddress> {
        let why = match self.address {
            address if address.is_unspecified() => "that of any host",
            address if address.is_multicast() => "that of a group",
            address if address.is_loopback() => "that of a host for itself alone",
            IpAddr::V4(Ipv4Addr::BROADCAST) => "that of all hosts",
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                "of a link, which a guest makes itself"
            }
            IpAddr::V4(address) => return self.judge_in_network(address),
            IpAddr::V6(_) => return Ok(self),
        };
        Err(InvalidAddress::NoHost(self.address, why))
    }

    /// The first and the last address of a network of IPv4 are no host's.
    fn judge_in_network(self, address: Ipv4Addr) -> Result<Prefixed, InvalidAddress> {
        let host = word(address.into()) & self.host_bits();
        let no_host = |why| Err(InvalidAddress::NoHost(self.address, why));
        match host {
            0 => no_host("the network's"),
            host if host == self.host_bits() => no_host("that of all hosts of the network"),
            _ => Ok(self),
        }
    }
}

/// An address as a number.
pub(super) fn word(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

impl fmt::Display for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Prefixed {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Prefixed, InvalidAddress> {
        let parts = text.split_once('/').and_then(|(address, prefix)| {
            let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix: u8 = prefix.parse().ok().filter(|_| is_number)?;
            Some((address.parse::<IpAddr>().ok()?, prefix))
        });
        let (address, prefix) = parts.ok_or_else(|| InvalidAddress::Shape(text.to_owned()))?;
        Prefixed::new(address, prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Prefixed {
        text.parse().expect(text)
    }

    #[test]
    fn an_address_knows_its_network() {
        let own = address("192.168.7.5/24");
        assert_eq!(own.to_string(), "192.168.7.5/24");
        for (other, is_beside) in [
            ("192.168.7.1", true),
            ("192.168.7.255", true),
            ("192.168.8.1", false),
            ("::c0a8:701", false),
        ] {
            assert_eq!(
                own.is_beside(other.parse().expect(other)),
                is_beside,
                "{other}"
            );
        }
        assert_eq!(own.host(2).to_string(), "192.168.7.2");
        let own = address("fd00:7::5/64");
        assert!(own.is_beside("fd00:7::1".parse().expect("an address")));
        assert!(!own.is_beside("fd00:8::1".parse().expect("an address")));
        assert_eq!(own.host(2).to_string(), "fd00:7::2");
        assert!(address("128.0.0.1/1").is_beside("255.1.1.1".parse().expect("an address")));
    }

    #[test]
    fn what_no_host_can_be_called_is_refused() {
        for text in [
            "192.168.7.0/24",
            "192.168.7.255/24",
            "0.0.0.0/8",
            "255.255.255.255/8",
            "224.0.0.1/24",
            "127.0.0.1/8",
            "::/64",
            "::1/64",
            "ff02::1/64",
            "fe80::1/64",
        ] {
            let refused = text.parse::<Prefixed>();
            assert!(
                matches!(refused, Err(InvalidAddress::NoHost(..))),
                "{text}: {refused:?}"
            );
        }
        for text in [
            "10.0.0.1/31",
            "10.0.0.1/0",
            "10.0.0.1/200",
            "fd00::1/127",
            "fd00::1/0",
        ] {
            let refused = text.parse::<Prefixed>();
            assert!(
                matches!(refused, Err(InvalidAddress::Prefix(..))),
                "{text}: {refused:?}"
            );
        }
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.1/",
            "/24",
            "10.0.0/24",
            "a/24",
            "10.0.0.1/+8",
            "10.0.0.1/256",
            "fd00::1/64/64",
            "10.0.0.1/24 ",
        ] {
            let refused = text.parse::<Prefixed>();
            assert!(
                matches!(refused, Err(InvalidAddress::Shape(_))),
                "{text}: {refused:?}"
            );
        }
    }
}
