//! What goes together, and what the guest is told of it.

use super::*;

fn given(addresses: &[&str], routers: &[&str], servers: &[&str]) -> Given {
    Given {
        addresses: addresses.iter().map(|it| it.parse().expect(it)).collect(),
        routers: routers.iter().map(|it| it.parse().expect(it)).collect(),
        servers: servers.iter().map(|it| it.parse().expect(it)).collect(),
        host: HostName::of_program("web"),
    }
}

fn tap() -> Backend {
    "tap:tap0".parse().expect("a tap")
}

#[test]
fn nothing_given_is_a_name_alone() {
    let setting = given(&[], &[], &[])
        .setting(&Backend::User)
        .expect("it is fine");
    assert_eq!(setting.host.bytes(), b"web");
    let rest = Setting {
        host: setting.host,
        ..Setting::NONE
    };
    assert_eq!(setting, rest);
}

#[test]
fn addresses_of_both_versions_have_their_routers() {
    let given = given(
        &["fd00:7::5/64", "192.168.7.5/24"],
        &["192.168.7.1", "fe80::1"],
        &["192.168.7.53", "2001:db8::53"],
    );
    let setting = given.setting(&tap()).expect("it goes together");
    let all = flag::STATIC_V4 | flag::STATIC_V6 | flag::STATIC_SERVERS;
    assert_eq!(setting.flags, all);
    assert_eq!(
        (setting.address_v4, setting.prefix_v4),
        ([192, 168, 7, 5], 24)
    );
    assert_eq!(setting.router_v4, [192, 168, 7, 1]);
    assert_eq!(setting.prefix_v6, 64);
    assert_eq!(v6(&setting).map(|it| it.0), Some(given.addresses[0]));
    assert_eq!(
        Ipv6Addr::from(setting.router_v6),
        "fe80::1".parse::<Ipv6Addr>().unwrap()
    );
    let servers = setting.servers.map(Ipv6Addr::from).map(|it| it.to_string());
    assert_eq!(servers, ["::ffff:192.168.7.53", "2001:db8::53", "::"]);
}

#[test]
fn qemus_own_network_has_a_router_and_a_server() {
    let given = given(&["10.0.2.99/24"], &[], &[]);
    let setting = given.setting(&Backend::User).expect("it is fine");
    assert_eq!(setting.router_v4, [10, 0, 2, 2]);
    let server = Ipv6Addr::from(setting.servers[0]);
    assert_eq!(server.to_ipv4_mapped(), Some(Ipv4Addr::new(10, 0, 2, 3)));
    let setting = given.setting(&tap()).expect("it is fine");
    assert_eq!((setting.router_v4, setting.servers[0]), ([0; 4], [0; 16]));
    assert_eq!(setting.flags, flag::STATIC_V4);
}

/// Without an address of IPv4 DHCP is asked, and says which servers there are.
#[test]
fn an_address_of_ipv6_leaves_ipv4_to_dhcp() {
    let setting = given(&["fec0::9/64"], &[], &[]).setting(&Backend::User);
    let setting = setting.expect("it is fine");
    assert_eq!(setting.flags, flag::STATIC_V6);
    assert_eq!(Ipv6Addr::from(setting.router_v6).to_string(), "fec0::2");
}

#[test]
fn what_does_not_go_together_is_refused_with_the_reason() {
    let refused = |given: Given, backend: &Backend| {
        given
            .setting(backend)
            .expect_err("it does not go together")
            .to_string()
    };
    for (given, why) in [
        (
            given(&["10.0.0.2/24", "10.0.0.3/24"], &[], &[]),
            "`--ip` is given twice",
        ),
        (
            given(&["10.0.0.2/24"], &["10.0.0.1", "10.0.0.3"], &[]),
            "`--gateway` is given twice",
        ),
        (
            given(&["10.0.0.2/24"], &["10.0.1.1"], &[]),
            "not in the network of 10.0.0.2/24",
        ),
        (
            given(&["10.0.0.2/24"], &["10.0.0.255"], &[]),
            "not in the network of 10.0.0.2/24",
        ),
        (
            given(&["10.0.0.2/24"], &["10.0.0.2"], &[]),
            "not in the network of 10.0.0.2/24",
        ),
        (
            given(&["fd00::2/64"], &["fd01::1"], &[]),
            "not in the network of fd00::2/64",
        ),
        (
            given(&["10.0.0.2/24"], &["fd00::1"], &[]),
            "the router fd00::1",
        ),
        (given(&[], &["10.0.0.1"], &[]), "the router 10.0.0.1"),
        (given(&[], &[], &["1.1.1.1"; 4]), "at most 3"),
        (given(&[], &[], &["0.0.0.0"]), "0.0.0.0 is no server"),
    ] {
        for backend in [Backend::User, tap()] {
            let said = refused(given.clone(), &backend);
            assert!(said.contains(why), "{said}");
        }
    }
    let said = refused(given(&["10.0.0.2/30"], &[], &[]), &Backend::User);
    assert!(said.contains("10.0.0.2/30"), "{said}");
    assert!(given(&["10.0.0.2/30"], &[], &[]).setting(&tap()).is_ok());
}
