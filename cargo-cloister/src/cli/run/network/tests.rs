//! What the command line, the package and the image make of a network.

use clap::Parser;
use domains::network::setting::flag;
use domains::{Cells, Isolation, Purpose};

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    network: NetworkOptions,
}

fn options(line: &[&str]) -> NetworkOptions {
    Line::try_parse_from([&["x"], line].concat())
        .expect("valid options")
        .network
}

/// A package that wants this; its image has all cells, or none of the network's.
fn ready(defaults: Defaults, has_network: bool) -> Ready {
    let cells = Cells::of(Purpose::Use);
    Ready {
        image: "hello.cloister".into(),
        program: "My_Server".to_owned(),
        isolation: Isolation::Mpk,
        size: 0,
        test_hooks: false,
        cells: match has_network {
            true => cells,
            false => cells.without(Cell::Nic).without(Cell::Net),
        },
        defaults,
    }
}

type Planned = Result<(Network, Setting), Failure>;

fn plan(line: &[&str], defaults: Defaults) -> Planned {
    options(line).plan(&ready(defaults, true), Occasion::Use)
}

fn backend(line: &[&str], has_network: bool, occasion: Occasion) -> Option<String> {
    let ready = ready(Defaults::default(), has_network);
    let planned = options(line).plan(&ready, occasion).ok();
    planned.map(|(network, _)| network.backend.to_string())
}

#[test]
fn a_program_that_is_used_has_a_network_and_one_that_is_measured_has_to_ask() {
    use Occasion::{Measured, Use};
    for (line, has_network, occasion, expected) in [
        (&[][..], true, Use, "user"),
        (&[], true, Measured, "none"),
        (&[], false, Use, "none"),
        (&["--net", "none"], true, Use, "none"),
        (&["--net", "user"], true, Measured, "user"),
        (&["--publish", "0:80"], true, Measured, "user"),
        (&["--mtu", "1400"], true, Measured, "user"),
        (&["--net", "tap:tap0"], true, Use, "tap:tap0"),
        (
            &["--net", "dgram:/tmp/net"],
            true,
            Measured,
            "dgram:/tmp/net",
        ),
        (&["--hostname", "web"], true, Measured, "none"),
        (&["--hostname", "web"], false, Use, "none"),
    ] {
        let found = backend(line, has_network, occasion);
        assert_eq!(found.as_deref(), Some(expected), "{line:?}");
    }
}

#[test]
fn what_is_about_a_network_makes_no_sense_without() {
    for option in [
        ["--publish", "8080:80"],
        ["--ip", "10.0.2.9/24"],
        ["--gateway", "10.0.2.1"],
        ["--dns", "10.0.2.3"],
        ["--pcap", "/tmp/x"],
        ["--mtu", "1400"],
    ] {
        let none = [&["--net", "none"][..], &option].concat();
        let said = format!("{:?}", plan(&none, Defaults::default()).err());
        assert!(
            said.contains("is about the network") && said.contains(option[0]),
            "{said}"
        );
        let without = options(&option).plan(&ready(Defaults::default(), false), Occasion::Use);
        let said = format!("{:?}", without.err());
        assert!(
            said.contains("--without net") && said.contains(option[0]),
            "{said}"
        );
    }
    let asked =
        options(&["--net", "user"]).plan(&ready(Defaults::default(), false), Occasion::Use);
    assert!(format!("{:?}", asked.err()).contains("--without net"));
}

#[test]
fn the_command_line_comes_before_the_package() {
    let defaults = || Defaults {
        net: Some("tap:tap0".to_owned()),
        ip: vec!["192.168.7.2/24".to_owned()],
        hostname: Some("packaged".to_owned()),
        dns: vec!["192.168.7.1".to_owned()],
        mtu: Some(1400),
        ..Defaults::default()
    };
    let (network, setting) = plan(&[], defaults()).expect("it goes together");
    assert_eq!(network.backend.to_string(), "tap:tap0");
    assert_eq!(
        (network.mtu, setting.address_v4),
        (Some(1400), [192, 168, 7, 2])
    );
    assert_eq!(setting.host.bytes(), b"packaged");
    let line = [
        "--net",
        "user",
        "--ip",
        "10.9.0.5/16",
        "--hostname",
        "web.example.org",
    ];
    let (network, setting) = plan(&line, defaults()).expect("it goes together");
    assert_eq!(network.backend, Backend::User);
    assert_eq!(
        (setting.address_v4, setting.router_v4),
        ([10, 9, 0, 5], [10, 9, 0, 2])
    );
    assert_eq!(setting.host.bytes(), b"web");
    assert_eq!(setting.domain.bytes(), b"example.org");
    assert_eq!(setting.flags, flag::STATIC_V4 | flag::STATIC_SERVERS);
}

#[test]
fn a_guest_is_called_as_its_program_if_nobody_says_otherwise() {
    let (_, setting) = plan(&[], Defaults::default()).expect("it goes together");
    assert_eq!(setting.host.bytes(), b"my-server");
}

#[test]
fn a_port_is_chosen_before_the_run() {
    let (network, _) = plan(&["--publish", "0:80"], Defaults::default()).expect("it is free");
    assert!(network.publish[0].host != 0 && network.publish[0].is_chosen);
}

#[test]
fn a_wrong_wish_of_the_package_is_named_by_its_key() {
    let wrong = |change: fn(&mut Defaults)| {
        let mut defaults = Defaults::default();
        change(&mut defaults);
        format!("{:?}", plan(&[], defaults).err())
    };
    for (said, key) in [
        (
            wrong(|it| it.net = Some("bridge".to_owned())),
            "net in [package",
        ),
        (
            wrong(|it| it.publish = vec!["80".to_owned()]),
            "publish in [package",
        ),
        (
            wrong(|it| it.ip = vec!["10.0.0.1".to_owned()]),
            "ip in [package",
        ),
        (
            wrong(|it| it.gateway = vec!["x".to_owned()]),
            "gateway in [package",
        ),
        (wrong(|it| it.dns = vec!["x".to_owned()]), "dns in [package"),
        (
            wrong(|it| it.hostname = Some("a b".to_owned())),
            "hostname in [package",
        ),
        (wrong(|it| it.mtu = Some(100)), "mtu in [package"),
    ] {
        assert!(said.contains(key), "{said}");
    }
}

#[test]
fn what_cannot_be_is_found_before_anything_is_built() {
    let ahead = |line: &[&str]| options(line).look_ahead();
    assert!(ahead(&[]).is_ok());
    for line in [
        ["--gateway", "10.0.0.1"],
        ["--mtu", "9000"],
        ["--ip", "10.0.0.1/30"],
    ] {
        assert!(ahead(&line).is_ok(), "the package may have a tap: {line:?}");
    }
    for line in [
        &["--net", "none", "--publish", "8080:80"][..],
        &["--net", "tap:no-such-tap"],
        &["--net", "dgram:/no/such/socket"],
        &["--publish", "8080:80", "--publish", "8080:81"],
        &["--pcap", "/no/such/folder/x"],
        &["--net", "user", "--mtu", "9000"],
    ] {
        assert!(ahead(line).is_err(), "{line:?}");
    }
}
