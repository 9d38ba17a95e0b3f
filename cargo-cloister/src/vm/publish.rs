//! Ports of the guest that the host lends an address.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::str::FromStr;

/// What a port speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A host address that leads to a port of the guest: `[IP:]HOST:GUEST[/udp]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Publish {
    /// Where the host listens; this machine only, unless said otherwise.
    pub address: Ipv4Addr,
    /// The port on the host.
    pub host: u16,
    /// The port in the guest.
    pub guest: u16,
    /// What both speak.
    pub protocol: Protocol,
}

/// A text that names no pair of ports.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` names no ports: write [IP:]HOST:GUEST[/udp], such as 8080:80")]
pub struct InvalidPublish(String);

impl Publish {
    /// Whether the host's port can be had now.
    pub fn try_host_port(&self) -> std::io::Result<()> {
        let place = (self.address, self.host);
        match self.protocol {
            Protocol::Tcp => TcpListener::bind(place).map(drop),
            Protocol::Udp => UdpSocket::bind(place).map(drop),
        }
    }

    /// The rule as QEMU's user network takes it.
    pub(super) fn forward_rule(&self) -> String {
        let Publish {
            address,
            host,
            guest,
            ..
        } = self;
        format!("hostfwd={}:{address}:{host}-:{guest}", self.protocol)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        })
    }
}

impl FromStr for Publish {
    type Err = InvalidPublish;

    fn from_str(text: &str) -> Result<Publish, InvalidPublish> {
        parse(text).ok_or_else(|| InvalidPublish(text.to_owned()))
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
        guest: port(guest)?,
        protocol,
    })
}

/// A port that can be named; zero would mean "any".
fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_this_machines_alone_unless_an_address_is_given() {
        let publish: Publish = "8080:80".parse().expect("two ports");
        assert_eq!(publish.forward_rule(), "hostfwd=tcp:127.0.0.1:8080-:80");
        let publish: Publish = "0.0.0.0:53:5353/udp"
            .parse()
            .expect("an address and two ports");
        assert_eq!(publish.forward_rule(), "hostfwd=udp:0.0.0.0:53-:5353");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "80",
            "0:80",
            "80:0",
            "a:b",
            "1:2:3",
            "80:80/icmp",
            "::1:80:80",
            "70000:1",
        ] {
            assert_eq!(
                text.parse::<Publish>(),
                Err(InvalidPublish(text.to_owned()))
            );
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
}
