//! Which addresses come first: those that this machine more likely reaches.
//!
//! The rules of RFC 6724, section 6, as far as they need no routes: addresses of a family
//! that the machine has none of stand last; IPv6 is preferred, but not from an address of
//! one kind to one of another, such as from one that is local to a site to the Internet.
//! Otherwise the order is that of the answer.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domains::network::Setting;

use super::families::Addresses;

/// Sorts addresses for a machine that takes part in the network as `own` says.
pub(super) fn sort(addresses: &mut Addresses, own: &Setting) {
    let four = Ipv4Addr::from(own.address_v4);
    let six = Ipv6Addr::from(own.address_v6);
    // Stable, and for so few the sort allocates nothing.
    let key = |address: &IpAddr| match address {
        IpAddr::V4(address) => {
            let is_reached = address.is_loopback() || !four.is_unspecified();
            (!is_reached, false, 1)
        }
        IpAddr::V6(address) => {
            let is_reached = address.is_loopback() || !six.is_unspecified();
            let is_crossed = !address.is_loopback() && label(address) != label(&six);
            (!is_reached, is_crossed, u8::from(!is_reached) * 2)
        }
    };
    insertion_sort(addresses, key);
}

/// Sorts by a key; what has the same one stays in order.
fn insertion_sort<K: Ord>(addresses: &mut [IpAddr], key: impl Fn(&IpAddr) -> K) {
    for end in 1..addresses.len() {
        let mut place = end;
        while let Some([before, after]) = place
            .checked_sub(1)
            .and_then(|start| addresses.get_mut(start..=place))
            && key(before) > key(after)
        {
            core::mem::swap(before, after);
            place -= 1;
        }
    }
}

/// The label of an address of IPv6 in RFC 6724, section 2.1: those with the same one are
/// of one kind.
fn label(address: &Ipv6Addr) -> u8 {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] => 4,
        [0, 0, 0, 0, 0, 0, ..] => 3,
        [0x2001, 0, ..] => 5,
        [0x2002, ..] => 2,
        [0x3ffe, ..] => 12,
        [first, ..] if first & 0xffc0 == 0xfec0 => 11,
        [first, ..] if first & 0xfe00 == 0xfc00 => 13,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const FOUR: &str = "93.184.216.34";
    const SIX: &str = "2606:2800::1";
    const UNIQUE: &str = "fd00::7";

    fn sorted(texts: &[&str], four: &str, six: &str) -> Vec<IpAddr> {
        let own = Setting {
            address_v4: four.parse::<Ipv4Addr>().expect("an address").octets(),
            address_v6: six.parse::<Ipv6Addr>().expect("an address").octets(),
            ..Setting::default()
        };
        let mut addresses: Addresses = parsed(texts).into_iter().collect();
        sort(&mut addresses, &own);
        addresses.into_iter().collect()
    }

    fn parsed(texts: &[&str]) -> Vec<IpAddr> {
        let parsed = texts.iter().map(|text| text.parse().expect("an address"));
        parsed.collect()
    }

    #[test]
    fn a_machine_without_ipv6_is_told_of_ipv4_first() {
        for six in ["::", "fec0::5054:ff:fe12:3456"] {
            let order = sorted(&[SIX, FOUR], "10.0.2.15", six);
            assert_eq!(order, parsed(&[FOUR, SIX]), "{six}");
        }
    }

    #[test]
    fn ipv6_comes_first_from_the_same_kind_of_address() {
        let order = sorted(&[FOUR, SIX, UNIQUE], "10.0.2.15", "2001:db8::5");
        assert_eq!(order, parsed(&[SIX, FOUR, UNIQUE]));
        let order = sorted(&[FOUR, SIX, UNIQUE], "10.0.2.15", "fd00::1");
        assert_eq!(order, parsed(&[UNIQUE, FOUR, SIX]));
        let order = sorted(&[FOUR, SIX], "0.0.0.0", "fec0::1");
        assert_eq!(order, parsed(&[SIX, FOUR]), "of IPv4 it has none");
    }

    #[test]
    fn without_any_address_ipv4_is_first() {
        let order = sorted(&[SIX, FOUR], "0.0.0.0", "::");
        assert_eq!(order, parsed(&[FOUR, SIX]));
    }

    #[test]
    fn what_is_alike_stays_in_its_order() {
        let texts = [
            "10.0.0.9",
            "10.0.0.1",
            SIX,
            "2001:db8::9",
            "10.0.0.5",
            "2001:db8::1",
        ];
        let order = sorted(&texts, "10.0.2.15", "::");
        let wanted = [texts[0], texts[1], texts[4], texts[2], texts[3], texts[5]];
        assert_eq!(order, parsed(&wanted));
    }
}
