//! Tests of how a machine takes part: what it is told, and what that does.

use domains::network::Setting;
use domains::network::setting::{Text, flag};
use domains::network::window::told;
use gate::cell::net::kind;
use smoltcp::wire::{IpAddress, IpProtocol};

use super::rig::*;
use crate::testing::{dhcp, packets as made};

/// The kind and the exchange of what was asked of servers of DHCP.
fn questions(sent: &[Sent]) -> Vec<(u8, u32)> {
    let frames = sent.iter().filter(|it| it.1[12..14] == [8, 0]);
    let packets = frames.map(packet_of);
    let packets = packets.filter(|it| it.protocol == IpProtocol::Udp && it.payload[3] == 67);
    packets
        .map(|packet| {
            let message = &packet.payload[8..];
            let exchange = message[4..8].try_into().expect("it is long");
            (message[242], u32::from_be_bytes(exchange))
        })
        .collect()
}

/// What the server says, to an address that this machine does not have yet.
fn answer(kind: u8, exchange: u32, address: [u8; 4], seconds: u32) -> Vec<u8> {
    let message = dhcp::answer(kind, exchange, CARD, address, seconds);
    let datagram = made::datagram(67, 68, &message);
    let target = IpAddress::Ipv4(address.into());
    let packet = made::packet(peer(), target, IpProtocol::Udp, &datagram, 6);
    frame(0x0800, &packet)
}

fn asking() -> Rig {
    let setting = Setting {
        host: Text::new(b"guest").expect("it is short"),
        ..Setting::default()
    };
    Rig::with(&setting, true)
}

/// One that has got an address.
fn leased(seconds: u32) -> Rig {
    let mut rig = asking();
    let exchange = questions(&rig.settle().sent)[0].1;
    let offered = rig.pump_with(&[answer(2, exchange, OWN, seconds)]).sent;
    let rest = rig.settle().sent;
    let asked = questions(&[offered, rest].concat());
    assert_eq!(asked, [(3, exchange)]);
    rig.pump_with(&[answer(5, exchange, OWN, seconds)]);
    rig.settle();
    rig
}

#[test]
fn without_a_card_all_is_settled() {
    let mut rig = Rig::alone();
    assert_eq!(rig.setting().flags, flag::SETTLED_V4);
    assert_eq!(rig.settle().sent, []);
}

#[test]
fn a_server_gives_an_address_and_all_is_told() {
    let rig = leased(600);
    let told = rig.setting();
    assert_eq!(told.flags, flag::SETTLED_V4 | flag::LINK);
    assert_eq!((told.address_v4, told.prefix_v4), (OWN, 24));
    assert_eq!(told.router_v4, PEER);
    assert_eq!(told.servers[0][10..], [0xff, 0xff, 10, 0, 2, 3]);
    assert_eq!(told.domain.bytes(), b"example.org");
    assert_eq!(told.host.bytes(), b"guest");
}

#[test]
fn nobody_waits_for_ever_for_a_server_that_never_answers() {
    let mut rig = asking();
    let mut settled_after = None;
    for second in 0..60 {
        rig.settle();
        let is_settled = rig.setting().flags & flag::SETTLED_V4 != 0;
        if is_settled && settled_after.is_none() {
            settled_after = Some(second);
        }
        rig.now += SECOND;
    }
    let after = settled_after.expect("it is settled");
    assert!((8..40).contains(&after), "{after}");
    // A late server is welcome.
    let mut asked = Vec::new();
    while asked.is_empty() {
        asked = questions(&rig.after(SECOND).sent);
    }
    rig.pump_with(&[answer(2, asked[0].1, OWN, 600)]);
    rig.settle();
    rig.pump_with(&[answer(5, asked[0].1, OWN, 600)]);
    assert_eq!(rig.setting().address_v4, OWN);
}

#[test]
fn a_machine_that_is_told_its_address_asks_nobody() {
    let mut rig = Rig::new();
    assert_eq!(questions(&rig.settle().sent), []);
    let told = rig.setting();
    assert_eq!(told.address_v4, OWN);
    assert_eq!(told.flags, flag::STATIC_V4 | flag::SETTLED_V4 | flag::LINK);
}

/// A connection that begins, from the address of the machine.
fn connecting(rig: &mut Rig) {
    let pages = domains::network::window::Pages {
        receive: 2,
        send: 2,
    };
    assert_eq!(rig.stack.open(1, kind::STREAM, pages.word()), 0);
    let name = domains::network::Name::v4(PEER, 80);
    let begun = rig.connect(1, &name);
    assert_eq!(begun, -domains::errno::EINPROGRESS);
    rig.settle();
}

#[test]
fn a_lease_that_is_renewed_costs_no_connection_and_another_address_does() {
    for address in [OWN, [10, 0, 2, 77]] {
        let mut rig = leased(20);
        rig.know_peer();
        // Leases are a minute at least.
        rig.now += 29 * SECOND;
        connecting(&mut rig);
        let sent = rig.after(2 * SECOND).sent;
        let sent = rig.answer_arp(sent);
        let asked = questions(&sent);
        assert_eq!(asked.len(), 1);
        rig.pump_with(&[answer(5, asked[0].1, address, 600)]);
        rig.settle();
        assert_eq!(rig.setting().address_v4, address);
        let error = rig.told(1, told::ERROR);
        if address == OWN {
            assert_eq!(error, 0);
        } else {
            assert_eq!(error, domains::errno::ETIMEDOUT as u64);
        }
    }
}

#[test]
fn a_lease_that_ends_takes_the_address_and_its_connections() {
    let mut rig = leased(60);
    rig.know_peer();
    connecting(&mut rig);
    for _ in 0..61 {
        rig.after(SECOND);
    }
    assert_eq!(rig.setting().address_v4, [0; 4]);
    assert_ne!(rig.told(1, told::ERROR), 0);
}

#[test]
fn another_card_begins_anew() {
    let mut rig = leased(600);
    rig.set_card(false, false, false);
    assert_eq!(rig.setting().address_v4, [0; 4]);
    rig.set_card(true, true, true);
    assert_eq!(questions(&rig.settle().sent)[0].0, 1);
}
