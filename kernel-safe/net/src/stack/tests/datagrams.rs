//! Tests of sockets of datagrams.

use domains::errno::{
    EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EDESTADDRREQ, EINVAL, EMSGSIZE,
    ENETUNREACH, ENOTCONN, EPIPE,
};
use domains::network::desk::net;
use domains::network::window::{state, told};
use domains::network::{Name, option};
use gate::cell::net::kind;
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol};

use super::rig::*;
use crate::testing::packets as made;

const DUAL: u32 = kind::DATAGRAM | kind::V6;
const HOME: [u8; 4] = [127, 0, 0, 1];

fn home_v6(port: u16) -> Name {
    let mut address = [0; 16];
    address[15] = 1;
    Name::v6(address, port)
}

fn mapped(address: [u8; 4], port: u16) -> Name {
    let mut bytes = [0; 16];
    bytes[10..12].fill(0xff);
    bytes[12..].copy_from_slice(&address);
    Name::v6(bytes, port)
}

#[test]
fn datagrams_to_this_machine_arrive_over_both_versions() {
    let mut rig = Rig::alone();
    rig.open(1, kind::DATAGRAM);
    rig.open(2, kind::DATAGRAM);
    rig.open(3, DUAL | kind::V6_ONLY);
    rig.open(4, DUAL);
    assert_eq!(rig.bind(1, &Name::v4(HOME, 7)), 0);
    assert_eq!(rig.bind(3, &home_v6(7)), 0);
    assert_eq!(rig.bind(4, &home_v6(8)), 0);
    assert_eq!(rig.send(2, b"v4", Some(&Name::v4(HOME, 7))), 2);
    assert_eq!(rig.send(4, b"v6", Some(&home_v6(7))), 2);
    assert_eq!(rig.send(4, b"", Some(&home_v6(7))), 0);
    let pumped = rig.settle();
    assert_eq!(pumped.changed, [1, 3]);
    assert_eq!(pumped.sent, []);
    let port = rig.local_port(2);
    assert_eq!(rig.receive(1), [(Name::v4(HOME, port), b"v4".to_vec())]);
    let both = [(home_v6(8), b"v6".to_vec()), (home_v6(8), Vec::new())];
    assert_eq!(rig.receive(3), both);
}

#[test]
fn a_socket_of_both_versions_sees_mapped_addresses() {
    let mut rig = Rig::alone();
    rig.open(1, DUAL);
    rig.open(2, kind::DATAGRAM);
    rig.bind(1, &Name::v6([0; 16], 7));
    rig.bind(2, &Name::v4(HOME, 8));
    rig.send(2, b"one", Some(&Name::v4(HOME, 7)));
    rig.settle();
    assert_eq!(rig.receive(1), [(mapped(HOME, 8), b"one".to_vec())]);
    rig.send(1, b"two", Some(&mapped(HOME, 8)));
    rig.settle();
    assert_eq!(rig.receive(2), [(Name::v4(HOME, 7), b"two".to_vec())]);
}

#[test]
fn who_is_connected_hears_its_peer_alone() {
    let mut rig = Rig::alone();
    for socket in 1..=3 {
        rig.open(socket, kind::DATAGRAM);
        rig.bind(socket, &Name::v4(HOME, socket as u16));
    }
    assert_eq!(rig.connect(1, &Name::v4(HOME, 2)), 0);
    assert_eq!(
        rig.told(1, told::STATE) & state::CONNECTED,
        state::CONNECTED
    );
    rig.send(2, b"peer", Some(&Name::v4(HOME, 1)));
    rig.send(3, b"other", Some(&Name::v4(HOME, 1)));
    rig.settle();
    assert_eq!(rig.receive(1), [(Name::v4(HOME, 2), b"peer".to_vec())]);
    assert_eq!(rig.send(1, b"back", None), 4);
    rig.settle();
    assert_eq!(rig.receive(2), [(Name::v4(HOME, 1), b"back".to_vec())]);
    assert_eq!(rig.connect(1, &Name::NONE), 0);
    assert_eq!(rig.send(1, b"back", None), -EDESTADDRREQ);
    rig.send(3, b"other", Some(&Name::v4(HOME, 1)));
    rig.settle();
    assert_eq!(rig.receive(1).len(), 1);
}

#[test]
fn an_address_is_had_by_one_unless_all_want_to_share_it() {
    let mut rig = Rig::new();
    for socket in 1..=6 {
        rig.open(socket, kind::DATAGRAM);
    }
    rig.open(7, DUAL);
    rig.open(8, DUAL | kind::V6_ONLY);
    assert_eq!(rig.bind(1, &Name::v4([0; 4], 7)), 0);
    assert_eq!(rig.bind(1, &Name::v4([0; 4], 8)), -EINVAL);
    assert_eq!(rig.bind(2, &Name::v4(OWN, 7)), -EADDRINUSE);
    assert_eq!(rig.bind(7, &Name::v6([0; 16], 7)), -EADDRINUSE);
    assert_eq!(rig.bind(8, &Name::v6([0; 16], 7)), 0, "it is of IPv6 alone");
    assert_eq!(rig.bind(2, &Name::v4(OWN, 9)), 0);
    assert_eq!(rig.bind(3, &Name::v4(HOME, 9)), 0);
    assert_eq!(rig.bind(4, &Name::v4([1, 1, 1, 1], 9)), -EADDRNOTAVAIL);
    assert_eq!(rig.bind(4, &home_v6(9)), -EAFNOSUPPORT);
    for socket in [4, 5] {
        assert_eq!(rig.stack.option(socket, option::REUSE_ADDRESS, 1), 0);
        assert_eq!(rig.bind(socket, &Name::v4([0; 4], 10)), 0);
    }
    assert_eq!(rig.bind(6, &Name::v4([0; 4], 10)), -EADDRINUSE);
    assert_eq!(rig.stack.close(4, 0), 0);
    assert_eq!(rig.stack.close(5, 0), 0);
    assert_eq!(rig.told(5, told::STATE) & state::RELEASED, state::RELEASED);
    assert_eq!(rig.bind(6, &Name::v4([0; 4], 10)), 0);
    assert_eq!(rig.settle().changed, [4, 5]);
}

#[test]
fn ports_for_who_does_not_care_are_free_and_not_in_order() {
    let mut rig = Rig::alone();
    let ports: Vec<u16> = (0..100)
        .map(|socket| {
            rig.open(socket, kind::DATAGRAM);
            assert_eq!(rig.bind(socket, &Name::v4([0; 4], 0)), 0);
            rig.local_port(socket)
        })
        .collect();
    assert!(ports.iter().all(|port| (32_768..61_000).contains(port)));
    let mut sorted = ports.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 100);
    assert_ne!(ports, sorted);
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let mut rig = Rig::new();
    rig.open(1, kind::DATAGRAM);
    let name = Name::v4(PEER, 7);
    assert_eq!(rig.send(1, b"", None), -EDESTADDRREQ);
    assert_eq!(rig.send(1, b"", Some(&Name::v4(PEER, 0))), -EINVAL);
    assert_eq!(rig.send(1, &[0; 65_508], Some(&name)), -EMSGSIZE);
    assert_eq!(rig.send(1, b"", Some(&home_v6(7))), -EAFNOSUPPORT);
    assert_eq!(rig.send(1, b"", Some(&Name::v4([255; 4], 7))), -EACCES);
    assert_eq!(
        rig.send(1, b"", Some(&Name::v4([10, 0, 2, 255], 7))),
        -EACCES
    );
    assert_eq!(rig.stack.shutdown(1, 1), -ENOTCONN);
    assert_eq!(rig.send(1, b"", Some(&name)), -EPIPE);
    rig.open(2, DUAL);
    let mut far = [0; 16];
    far[0] = 0x20;
    assert_eq!(rig.send(2, b"", Some(&Name::v6(far, 7))), -ENETUNREACH);
    rig.open(3, kind::DATAGRAM);
    rig.bind(3, &Name::v4(HOME, 7));
    assert_eq!(rig.send(3, b"", Some(&name)), -EINVAL);
    let mut alone = Rig::alone();
    alone.open(1, kind::DATAGRAM);
    assert_eq!(alone.send(1, b"", Some(&name)), -ENETUNREACH);
}

/// A datagram of the peer to everybody.
fn to_all(from: u16, to: u16) -> Vec<u8> {
    let datagram = made::datagram(from, to, b"all");
    let all = IpAddress::v4(255, 255, 255, 255);
    let packet = made::packet(peer(), all, IpProtocol::Udp, &datagram, 6);
    frame_to(EthernetAddress::BROADCAST, 0x0800, &packet)
}

#[test]
fn what_is_to_everybody_comes_to_some_and_to_no_other_peer() {
    let mut rig = Rig::ready();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    assert_eq!(rig.connect(1, &Name::v4(PEER, 9)), 0);
    rig.pump_with(&[to_all(8, 7)]);
    assert_eq!(rig.receive(1), []);
    // Many share a port.
    for socket in 2..102 {
        rig.open(socket, kind::DATAGRAM);
        rig.desk.write(net::NAME, &Name::v4([0; 4], 6));
        assert_eq!(rig.stack.bind(socket, 1), 0);
    }
    rig.pump_with(&[to_all(8, 6)]);
    let found = (2..102).map(|socket| rig.receive(socket).len());
    assert_eq!(found.sum::<usize>(), 64, "and no more work is done");
}

#[test]
fn who_may_sends_to_everybody_and_hears_itself() {
    let mut rig = Rig::new();
    rig.settle();
    rig.open(1, kind::DATAGRAM);
    rig.open(2, kind::DATAGRAM);
    rig.bind(2, &Name::v4([0; 4], 7));
    assert_eq!(rig.stack.option(1, option::BROADCAST, 1), 0);
    assert_eq!(rig.send(1, b"all", Some(&Name::v4([255; 4], 7))), 3);
    let sent = rig.settle().sent;
    assert_eq!(sent[0].1[..6], [0xff; 6]);
    let found = rig.receive(2);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0.address[..4], OWN);
}

#[test]
fn a_reader_that_is_slow_loses_what_does_not_fit() {
    let mut rig = Rig::new();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    for _ in 0..20 {
        rig.pump_with(&[udp(9, 7, &[1; 1000])]);
    }
    let found = rig.receive(1);
    assert!((14..=15).contains(&found.len()));
    rig.pump_with(&[udp(9, 7, &[1; 1000])]);
    assert_eq!(rig.receive(1).len(), 1);
}

#[test]
fn hops_are_as_they_were_set() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    assert_eq!(rig.stack.option(1, option::HOP_LIMIT, 0), -EINVAL);
    assert_eq!(rig.stack.option(1, option::HOP_LIMIT, 256), -EINVAL);
    for hops in [64, 3] {
        if hops == 3 {
            assert_eq!(rig.stack.option(1, option::HOP_LIMIT, 3), 0);
        }
        rig.send(1, b"", Some(&Name::v4(PEER, 7)));
        let sent = rig.pump().sent;
        assert_eq!(packet_of(&sent[0]).hop_limit, hops);
    }
}

#[test]
fn many_datagrams_to_oneself_are_delivered_as_they_are_sent() {
    let mut rig = Rig::alone();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4(HOME, 7));
    for _ in 0..300 {
        assert_eq!(rig.send(1, b"x", Some(&Name::v4(HOME, 7))), 1);
    }
    rig.settle();
    assert_eq!(rig.receive(1).len(), 300);
}

#[test]
fn a_socket_that_is_closed_is_told_of_once() {
    let mut rig = Rig::alone();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4(HOME, 7));
    rig.send(1, b"hello", Some(&Name::v4(HOME, 7)));
    assert_eq!(rig.stack.shutdown(1, 0), -ENOTCONN);
    assert_eq!(rig.stack.close(1, 0), 0);
    assert_eq!(rig.settle().changed, [1]);
}

#[test]
fn no_more_leaves_at_once_than_there_is_room_for() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    for _ in 0..20 {
        assert_eq!(rig.send(1, b"hello", Some(&Name::v4(PEER, 7))), 5);
    }
    rig.budget = 0;
    let pumped = rig.pump();
    assert!(pumped.sent.is_empty() && pumped.more);
    rig.budget = 8;
    for count in [8, 8, 4] {
        let pumped = rig.pump();
        assert_eq!(pumped.sent.len(), count);
        assert_eq!(pumped.more, count == 8);
    }
}
