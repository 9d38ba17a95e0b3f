//! What is asked for, and which addresses answer it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hermit_abi::{
    AF_INET, AF_INET6, AF_UNSPEC, EAI_AGAIN, EAI_FAMILY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE,
    IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM, addrinfo,
};

use super::system;
use crate::own;

/// Flags of `ai_flags`, as the peer numbers them.
mod flag {
    /// Without a node, any address of this machine rather than the loopback.
    pub(super) const PASSIVE: i32 = 0x001;
    /// The node must be a number.
    pub(super) const NUMERIC_HOST: i32 = 0x004;
}

/// The kinds of socket, each with its protocol.
const KINDS: [(i32, i32); 2] = [(SOCK_STREAM, IPPROTO_TCP), (SOCK_DGRAM, IPPROTO_UDP)];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hints {
    flags: i32,
    family: i32,
    kind: i32,
    protocol: i32,
}

impl Hints {
    /// Anything in one family.
    pub(super) const fn any(family: i32) -> Hints {
        Hints {
            flags: 0,
            family,
            kind: 0,
            protocol: 0,
        }
    }

    /// Those of the caller; null asks for anything.
    pub(super) fn read(hints: *const addrinfo) -> Result<Hints, i32> {
        if hints.is_null() {
            return Ok(Hints::any(AF_UNSPEC));
        }
        let hints = own::read(hints).map_err(system)?;
        Ok(Hints {
            flags: hints.ai_flags,
            family: hints.ai_family,
            kind: hints.ai_socktype,
            protocol: hints.ai_protocol,
        })
    }

    /// Refuses what there is not.
    pub(super) fn check(&self) -> Result<(), i32> {
        if ![AF_UNSPEC, AF_INET, AF_INET6].contains(&self.family) {
            return Err(EAI_FAMILY);
        }
        let known = self.kind == 0 || KINDS.iter().any(|kind| kind.0 == self.kind);
        let served = self.kinds().next().is_some();
        (known && served).then_some(()).ok_or(EAI_SOCKTYPE)
    }

    fn wants(&self, address: &IpAddr) -> bool {
        match self.family {
            AF_INET => address.is_ipv4(),
            AF_INET6 => address.is_ipv6(),
            _ => true,
        }
    }

    /// The kinds of socket that are wanted, each with its protocol.
    pub(super) fn kinds(&self) -> impl DoubleEndedIterator<Item = (i32, i32)> {
        KINDS.into_iter().filter(|kind| self.wants_kind(*kind))
    }

    fn wants_kind(&self, (kind, protocol): (i32, i32)) -> bool {
        let any = [IPPROTO_IP, IPPROTO_IPV6].contains(&self.protocol);
        [0, kind].contains(&self.kind) && (any || self.protocol == protocol)
    }
}

/// The addresses of a node.
pub(super) fn addresses(node: Option<&str>, hints: &Hints) -> Result<[Option<IpAddr>; 2], i32> {
    let loopback = [
        Some(Ipv4Addr::LOCALHOST.into()),
        Some(Ipv6Addr::LOCALHOST.into()),
    ];
    let mut found = match node {
        None if hints.flags & flag::PASSIVE != 0 => [
            Some(Ipv4Addr::UNSPECIFIED.into()),
            Some(Ipv6Addr::UNSPECIFIED.into()),
        ],
        None => loopback,
        Some(name) => match name.parse() {
            Ok(address) => [Some(address), None],
            Err(_) if hints.flags & flag::NUMERIC_HOST != 0 => return Err(EAI_NONAME),
            Err(_) if name.eq_ignore_ascii_case("localhost") => loopback,
            Err(_) if name.is_empty() => return Err(EAI_NONAME),
            Err(_) => return Err(EAI_AGAIN),
        },
    };
    for address in &mut found {
        *address = address.filter(|address| hints.wants(address));
    }
    if found == [None, None] {
        return Err(EAI_NONAME);
    }
    Ok(found)
}

/// The port of a service, of which only numbers are known.
pub(super) fn port(service: Option<&str>) -> Result<u16, i32> {
    service.map_or(Ok(0), |service| service.parse().map_err(|_| EAI_SERVICE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Hints = Hints::any(AF_UNSPEC);

    #[test]
    fn numbers_and_localhost_need_no_network() {
        let four = addresses(Some("10.0.2.15"), &ANY);
        assert_eq!(four, Ok([Some(Ipv4Addr::new(10, 0, 2, 15).into()), None]));
        let six = addresses(Some("::1"), &ANY);
        assert_eq!(six, Ok([Some(Ipv6Addr::LOCALHOST.into()), None]));
        let both = addresses(Some("LocalHost"), &ANY).expect("known");
        assert_eq!(both[0], Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(addresses(Some("example.org"), &ANY), Err(EAI_AGAIN));
        assert_eq!(addresses(Some(""), &ANY), Err(EAI_NONAME));
    }

    #[test]
    fn hints_choose() {
        let six = Hints {
            family: AF_INET6,
            ..ANY
        };
        assert_eq!(addresses(Some("1.2.3.4"), &six), Err(EAI_NONAME));
        let number = Hints {
            flags: flag::NUMERIC_HOST,
            ..ANY
        };
        assert_eq!(addresses(Some("localhost"), &number), Err(EAI_NONAME));
        let passive = Hints {
            flags: flag::PASSIVE,
            family: AF_INET,
            ..ANY
        };
        let any = addresses(None, &passive).expect("an address");
        assert_eq!(any, [Some(Ipv4Addr::UNSPECIFIED.into()), None]);
        assert_eq!(Hints { family: 77, ..ANY }.check(), Err(EAI_FAMILY));
        assert_eq!(Hints { kind: 9, ..ANY }.check(), Err(EAI_SOCKTYPE));
        let crossed = Hints {
            kind: SOCK_STREAM,
            protocol: IPPROTO_UDP,
            ..ANY
        };
        assert_eq!(crossed.check(), Err(EAI_SOCKTYPE));
    }

    #[test]
    fn services_are_numbers() {
        assert_eq!(port(Some("8080")), Ok(8080));
        assert_eq!(port(None), Ok(0));
        assert_eq!(port(Some("65536")), Err(EAI_SERVICE));
        assert_eq!(port(Some("http")), Err(EAI_SERVICE));
    }
}
