//! Ports of the guest that the host lends an address.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::str::FromStr;

use domains::notice::Protocol;

use super::{NetworkError, port};

/// A host address that leads to a port of the guest: `[IP:]HOST:GUEST[/udp]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Publish {
    /// Where the host listens; this machine only, unless said otherwise.
    pub address: Ipv4Addr,
    /// The port on the host; zero for one that is to be chosen.
    pub host: u16,
    /// The port in the guest.
    pub guest: u16,
    /// What both speak.
    pub protocol: Protocol,
    /// Whether the port on the host was chosen by this tool.
    pub is_chosen: bool,
}

/// A text that names no pair of ports.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidPublish {
    /// Neither an address nor ports.
    #[error(
        "`{0}` names no ports: write [IP:]HOST:GUEST[/udp], such as 8080:80: two ports up to \
         65535, with 0 as HOST to have one chosen, and as IP an address of this machine, no name"
    )]
    Shape(String),
    /// An address that QEMU does not take.
    #[error(
        "`{0}` has an address of IPv6, and QEMU's user networking publishes at addresses of \
         IPv4 alone"
    )]
    VersionSix(String),
}

impl Publish {
    /// Whether the host's port can be had now.
    pub fn try_host_port(&self) -> io::Result<()> {
        self.bind().map(|_port| ())
    }

    /// The same with a port of the host in place of zero, which is free now.
    pub fn chosen(self) -> io::Result<Publish> {
        match self.host {
            0 => Ok(Publish {
                host: self.bind()?,
                is_chosen: true,
                ..self
            }),
            _ => Ok(self),
        }
    }

    /// The error about this port that the system refused.
    pub fn refused(&self, source: io::Error) -> NetworkError {
        port::refused(self, Some(source))
    }

    /// Takes the host's port for a moment; its number.
    fn bind(&self) -> io::Result<u16> {
        let place = self.host_address();
        let bound = match self.protocol {
            Protocol::Tcp => TcpListener::bind(place)?.local_addr()?,
            Protocol::Udp => UdpSocket::bind(place)?.local_addr()?,
        };
        Ok(bound.port())
    }

    /// Whether both want the same port of the host.
    pub(super) fn collides_with(&self, other: &Publish) -> bool {
        let is_any = self.address.is_unspecified() || other.address.is_unspecified();
        self.protocol == other.protocol
            && self.host == other.host
            && self.host != 0
            && (is_any || self.address == other.address)
    }

    /// Where the host listens.
    pub fn host_address(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.address, self.host)
    }

    /// The rule as QEMU's user network takes it, for a guest at `address`; where none
    /// is given, for the one to whom it lends an address first.
    pub(super) fn forward_rule(&self, guest: Option<Ipv4Addr>) -> String {
        let guest = guest.map_or_else(String::new, |address| address.to_string());
        let (protocol, place) = (self.protocol, self.host_address());
        format!("{protocol}:{place}-{guest}:{}", self.guest)
    }
}

/// As in a message: `127.0.0.1:8080 → :80`.
impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → :{}", self.host_address(), self.guest)?;
        match self.protocol {
            Protocol::Tcp => Ok(()),
            Protocol::Udp => f.write_str(" by UDP"),
        }
    }
}

impl FromStr for Publish {
    type Err = InvalidPublish;

    fn from_str(text: &str) -> Result<Publish, InvalidPublish> {
        let invalid = match is_version_six(text) {
            true => InvalidPublish::VersionSix,
            false => InvalidPublish::Shape,
        };
        parse(text).ok_or_else(|| invalid(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Publish> {
    let (ports, protocol) = match text.rsplit_once('/') {
        Some((ports, "udp")) => (ports, Protocol::Udp),
        Some((ports, "tcp")) => (ports, Protocol::Tcp),
        Some(_) => return None,
        None => (text, Protocol::Tcp),
    };
    let (host, guest) = ports.rsplit_once(':')?;
    let (address, host) = match host.rsplit_once(':') {
        Some((address, host)) => (address.parse().ok()?, host),
        None => (Ipv4Addr::LOCALHOST, host),
    };
    Some(Publish {
        address,
        host: port(host)?,
        guest: port(guest).filter(|port| *port != 0)?,
        protocol,
        is_chosen: false,
    })
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Whether what stands in front of two ports is an address of IPv6, with brackets or
/// without.
fn is_version_six(text: &str) -> bool {
    let mut parts = text.rsplitn(3, ':');
    let address = parts.nth(2).unwrap_or_default();
    let inner = address
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'));
    inner.unwrap_or(address).parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_this_machines_alone_unless_an_address_is_given() {
        let publish: Publish = "8080:80".parse().expect("two ports");
        assert_eq!(publish.forward_rule(None), "tcp:127.0.0.1:8080-:80");
        assert_eq!(publish.to_string(), "127.0.0.1:8080 → :80");
        let publish: Publish = "0.0.0.0:53:5353/udp".parse().expect("ports");
        assert_eq!(publish.forward_rule(None), "udp:0.0.0.0:53-:5353");
        let guest = Some(Ipv4Addr::new(10, 0, 2, 99));
        assert_eq!(publish.forward_rule(guest), "udp:0.0.0.0:53-10.0.2.99:5353");
        assert_eq!(publish.to_string(), "0.0.0.0:53 → :5353 by UDP");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "80",
            "80:0",
            "a:b",
            "1:2:3",
            "80:80/icmp",
            "70000:1",
            "+80:80",
            "80:+80",
            ":80",
            "80:",
            "1.2.3.4:80",
            "host:80:80",
            "80 :80",
        ] {
            let refused = text.parse::<Publish>();
            assert_eq!(refused, Err(InvalidPublish::Shape(text.to_owned())));
        }
    }

    #[test]
    fn an_address_of_ipv6_is_refused_with_the_reason() {
        for text in ["[::1]:8080:80", "::1:8080:80", "[fe80::1]:53:53/udp"] {
            let refused = text.parse::<Publish>();
            assert_eq!(refused, Err(InvalidPublish::VersionSix(text.to_owned())));
        }
    }

    #[test]
    fn a_port_in_use_is_noticed() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let host = taken.local_addr().expect("an address").port();
        let publish: Publish = format!("{host}:80").parse().expect("two ports");
        assert!(publish.try_host_port().is_err());
        drop(taken);
        assert!(publish.try_host_port().is_ok());
    }

    #[test]
    fn a_port_is_chosen_where_none_is_named() {
        for text in ["0:80", "0:80/udp"] {
            let publish: Publish = text.parse().expect("a port");
            let chosen = publish.chosen().expect("some port is free");
            assert!(chosen.host != 0 && chosen.is_chosen, "{chosen:?}");
        }
        let named: Publish = "8080:80".parse().expect("two ports");
        assert_eq!(named.chosen().expect("nothing is done"), named);
    }
}
