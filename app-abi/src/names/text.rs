//! Lines and words of the files that say how names are looked up.

use core::net::{IpAddr, Ipv6Addr};

use domains::network::Name;

use crate::sockets::addresses::name;

/// The lines of a file, each up to a comment; one that is not text is left out.
pub(super) fn lines<'t>(file: &'t [u8], comments: &'t [u8]) -> impl Iterator<Item = &'t str> {
    file.split(|byte| *byte == b'\n').filter_map(|line| {
        let end = line.iter().position(|byte| comments.contains(byte));
        let line = line.get(..end.unwrap_or(line.len()))?;
        str::from_utf8(line).ok()
    })
}

/// The address that a word says; on which interface does not count.
pub(super) fn address(word: &str) -> Option<IpAddr> {
    let (address, _) = split(word);
    address.parse().ok()
}

/// The address that a word says, with a port.
pub(super) fn address_with(word: &str, port: u16) -> Option<Name> {
    let (address, interface) = split(word);
    let mut name = name(address.parse().ok()?, port);
    if let Some(number) = interface {
        name.scope = number.parse().ok()?;
    }
    Some(name)
}

/// An address and the number or name of an interface.
fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('%') {
        Some((address, interface)) if address.parse::<Ipv6Addr>().is_ok() => {
            (address, Some(interface))
        }
        _ => (word, None),
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn lines_end_at_comments_and_are_text() {
        let file = b"one # two\n\n;three\n\xff\xfe\nfour";
        assert!(lines(file, b"#;").eq(["one ", "", "", "four"]));
    }

    #[test]
    fn an_interface_stands_behind_an_address_of_ipv6() {
        let local: Ipv6Addr = "fe80::1".parse().expect("an address");
        assert_eq!(address("fe80::1%eth0"), Some(local.into()));
        assert_eq!(address("10.0.2.3"), Some(Ipv4Addr::new(10, 0, 2, 3).into()));
        assert_eq!(address("10.0.2.3%1"), None);
        let server = address_with("fe80::1%2", 53).expect("an address");
        assert_eq!((server.scope, server.port), (2, 53));
        assert_eq!(address_with("fe80::1%eth0", 53), None);
        assert_eq!(
            address_with("1.2.3.4", 53),
            Some(Name::v4([1, 2, 3, 4], 53))
        );
    }
}
