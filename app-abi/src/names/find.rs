//! The addresses that a node stands for.
//!
//! Numbers, and the names that need no network, are known at once.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hermit_abi::EAI_NONAME;

use super::cache::{Cache, Shared};
use super::families::Addresses;
use super::hints::Hints;
use super::kernel::Kernel;
use super::resolver;

/// What servers have said.
static CACHE: Shared = Shared::new(Cache::new());

/// The addresses of a node.
///
/// # Errors
///
/// One of the EAI codes.
pub(super) fn addresses(node: Option<&str>, hints: &Hints) -> Result<Addresses, i32> {
    match (at_once(node, hints), node) {
        (Some(found), _) => found,
        (None, Some(name)) => resolver::look_up(&Kernel, &CACHE, name, hints.families()),
        (None, None) => Err(EAI_NONAME),
    }
}

/// The same where nothing must be looked up; none where something must.
fn at_once(node: Option<&str>, hints: &Hints) -> Option<Result<Addresses, i32>> {
    let all: [Option<IpAddr>; 2] = match node {
        None if hints.is_passive() => [
            Some(Ipv4Addr::UNSPECIFIED.into()),
            Some(Ipv6Addr::UNSPECIFIED.into()),
        ],
        None => LOOPBACK,
        Some(name) => match name.parse() {
            Ok(address) => [Some(address), None],
            Err(_) if hints.is_numeric() || name.is_empty() => return Some(Err(EAI_NONAME)),
            Err(_) if is_local(name) => LOOPBACK,
            Err(_) => return None,
        },
    };
    let families = hints.families();
    let wanted = all.into_iter().flatten();
    let wanted = wanted.filter(|address| families.want(address));
    let found: Addresses = wanted.collect();
    Some(if found.is_empty() {
        Err(EAI_NONAME)
    } else {
        Ok(found)
    })
}

const LOOPBACK: [Option<IpAddr>; 2] = [
    Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
];

/// Whether a name is this machine's for everybody (RFC 6761, 6.3).
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use hermit_abi::{AF_INET, AF_INET6, AF_UNSPEC};

    use super::super::hints::flag;
    use super::*;

    fn found(node: Option<&str>, family: i32, flags: i32) -> Option<Result<Addresses, i32>> {
        at_once(node, &Hints::any(family).with(flags))
    }

    fn of(texts: &[&str]) -> Option<Result<Addresses, i32>> {
        let texts = texts.iter();
        let all = texts.map(|text| text.parse::<IpAddr>().expect("an address"));
        Some(Ok(all.collect()))
    }

    #[test]
    fn numbers_and_localhost_need_no_network() {
        assert_eq!(found(Some("10.0.2.15"), AF_UNSPEC, 0), of(&["10.0.2.15"]));
        assert_eq!(found(Some("::1"), AF_UNSPEC, 0), of(&["::1"]));
        for name in ["LocalHost", "localhost."] {
            assert_eq!(found(Some(name), AF_UNSPEC, 0), of(&["127.0.0.1", "::1"]));
            assert_eq!(found(Some(name), AF_INET6, 0), of(&["::1"]));
        }
        assert_eq!(found(Some("example.org"), AF_UNSPEC, 0), None);
        assert_eq!(found(Some(""), AF_UNSPEC, 0), Some(Err(EAI_NONAME)));
    }

    #[test]
    fn hints_choose() {
        let crossed = found(Some("1.2.3.4"), AF_INET6, 0);
        assert_eq!(crossed, Some(Err(EAI_NONAME)));
        let numeric = found(Some("localhost"), AF_UNSPEC, flag::NUMERIC_HOST);
        assert_eq!(numeric, Some(Err(EAI_NONAME)));
        assert_eq!(found(None, AF_INET, flag::PASSIVE), of(&["0.0.0.0"]));
        assert_eq!(found(None, AF_UNSPEC, 0), of(&["127.0.0.1", "::1"]));
    }
}
