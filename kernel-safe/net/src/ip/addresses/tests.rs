//! Tests of the addresses: which is used, and where packets go.

use super::*;

const OWN: IpAddress = IpAddress::v4(10, 0, 2, 15);
const ROUTER: IpAddress = IpAddress::v4(10, 0, 2, 2);
const FAR: IpAddress = IpAddress::v4(1, 1, 1, 1);

fn v6(text: &str) -> Ipv6Address {
    text.parse().expect("it is an address")
}

fn own(text: &str) -> Own {
    Own {
        address: v6(text),
        tentative_until: 0,
        preferred_until: NEVER,
        valid_until: NEVER,
        is_given: false,
    }
}

fn with_v4() -> Addresses {
    Addresses {
        has_card: true,
        v4: Some(Prefix::v4(Ipv4Address::new(10, 0, 2, 15), 24)),
        router_v4: Some(Ipv4Address::new(10, 0, 2, 2)),
        ..Addresses::default()
    }
}

#[test]
fn without_a_card_there_is_loopback() {
    let addresses = Addresses::default();
    let local = IpAddress::v4(127, 9, 9, 9);
    assert_eq!(addresses.way(local), Some(Way::Own));
    assert_eq!(addresses.source_to(local), Ok(IpAddress::v4(127, 0, 0, 1)));
    let local = IpAddress::Ipv6(Ipv6Address::LOCALHOST);
    assert_eq!(addresses.source_to(local), Ok(local));
    assert_eq!(addresses.source_to(FAR), Err(ENETUNREACH));
    assert_eq!(addresses.way(FAR), None);
}

#[test]
fn near_ones_are_neighbours_and_far_ones_behind_the_router() {
    let mut addresses = with_v4();
    let near = IpAddress::v4(10, 0, 2, 77);
    assert_eq!(addresses.way(near), Some(Way::Neighbour(near)));
    assert_eq!(addresses.way(FAR), Some(Way::Neighbour(ROUTER)));
    assert_eq!(addresses.way(OWN), Some(Way::Own));
    assert_eq!(addresses.source_to(OWN), Ok(OWN));
    assert_eq!(addresses.source_to(FAR), Ok(OWN));
    let all = IpAddress::v4(10, 0, 2, 255);
    assert_eq!(addresses.way(all), Some(Way::Everybody));
    addresses.router_v4 = None;
    assert_eq!(addresses.source_to(FAR), Err(ENETUNREACH));
}

#[test]
fn of_several_addresses_the_nearest_is_used() {
    let mut addresses = with_v4();
    let target = IpAddress::Ipv6(v6("2001:db8:2::1"));
    assert_eq!(addresses.source_to(target), Err(ENETUNREACH));
    addresses.v6[0] = Some(own("fe80::1"));
    addresses.routers[0] = Some(Until {
        what: v6("fe80::2"),
        end: NEVER,
    });
    assert_eq!(addresses.source_to(target), Err(ENETUNREACH));
    addresses.v6[1] = Some(own("2001:db8:1::7"));
    addresses.v6[2] = Some(own("2001:db8:2::7"));
    assert_eq!(addresses.source_to(target), Ok(v6("2001:db8:2::7").into()));
    addresses.v6[2]
        .as_mut()
        .expect("it is there")
        .preferred_until = 0;
    assert_eq!(addresses.source_to(target), Ok(v6("2001:db8:1::7").into()));
    let near = IpAddress::Ipv6(v6("fe80::9"));
    assert_eq!(addresses.source_to(near), Ok(v6("fe80::1").into()));
    assert_eq!(addresses.way(near), Some(Way::Neighbour(near)));
}

#[test]
fn an_address_that_somebody_else_may_have_is_not_used() {
    let mut addresses = with_v4();
    let mut tentative = own("fe80::1");
    tentative.tentative_until = 5;
    addresses.v6[0] = Some(tentative);
    assert!(!addresses.is_own(v6("fe80::1").into()));
    assert_eq!(addresses.link_local(), None);
    assert_eq!(addresses.deadline(), 5);
}
