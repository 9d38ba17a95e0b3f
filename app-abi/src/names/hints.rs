//! What is asked for.

use hermit_abi::{
    AF_INET, AF_INET6, AF_UNSPEC, EAI_FAMILY, EAI_SERVICE, EAI_SOCKTYPE, IPPROTO_IP,
    IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM, addrinfo,
};

use super::families::Families;
use super::system_error;
use crate::own;

/// Flags of `ai_flags`, as the peer numbers them.
pub(super) mod flag {
    /// Without a node, any address of this machine rather than the loopback.
    pub(in crate::names) const PASSIVE: i32 = 0x001;
    /// The node must be a number.
    pub(in crate::names) const NUMERIC_HOST: i32 = 0x004;
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

    /// The same with flags.
    #[cfg(test)]
    pub(super) const fn with(self, flags: i32) -> Hints {
        Hints { flags, ..self }
    }

    /// Those of the caller; null asks for anything.
    pub(super) fn read(hints: *const addrinfo) -> Result<Hints, i32> {
        if hints.is_null() {
            return Ok(Hints::any(AF_UNSPEC));
        }
        let hints = own::read(hints).map_err(system_error)?;
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

    /// The families that are wanted.
    pub(super) fn families(&self) -> Families {
        Families {
            four: self.family != AF_INET6,
            six: self.family != AF_INET,
        }
    }

    /// Whether without a node any address of this machine is meant.
    pub(super) fn is_passive(&self) -> bool {
        self.flags & flag::PASSIVE != 0
    }

    /// Whether the node must be a number.
    pub(super) fn is_numeric(&self) -> bool {
        self.flags & flag::NUMERIC_HOST != 0
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

/// The port of a service, of which only numbers are known.
pub(super) fn port(service: Option<&str>) -> Result<u16, i32> {
    service.map_or(Ok(0), |service| service.parse().map_err(|_| EAI_SERVICE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Hints = Hints::any(AF_UNSPEC);

    #[test]
    fn what_there_is_not_is_refused() {
        assert_eq!(ANY.check(), Ok(()));
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
