//! Tests of IPv6 on the link: addresses, routers, neighbours.

use domains::network::setting::flag;
use domains::network::{Name, Setting};
use gate::cell::net::kind;
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol, Ipv6Address};

use super::rig::*;
use crate::ip::ndp::{self, Neighbour};
use crate::testing::{packets as made, router};

const ROUTER: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const LINK: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
const WIDE: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0xff, 0xfe00, 1);
const ALL: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A frame with a message of ICMPv6 that has passed no router.
fn near(source: Ipv6Address, target: Ipv6Address, message: &[u8]) -> Vec<u8> {
    let (source, target) = (source.into(), IpAddress::Ipv6(target));
    let mut packet = made::packet(source, target, IpProtocol::Icmpv6, message, 2);
    packet[7] = 255;
    let place = if target.is_multicast() {
        crate::link::ethernet::group(target)
    } else {
        CARD
    };
    frame_to(place, 0x86dd, &packet)
}

/// The messages of ICMPv6 that were sent: kind, source, target.
fn messages(sent: &[Sent]) -> Vec<(u8, IpAddress, IpAddress)> {
    let frames = sent.iter().filter(|it| it.1[12..14] == [0x86, 0xdd]);
    let packets = frames.map(packet_of);
    let packets = packets.filter(|it| it.protocol == IpProtocol::Icmpv6);
    packets
        .map(|it| (it.payload[0], it.source, it.target))
        .collect()
}

fn kinds(sent: &[Sent]) -> Vec<u8> {
    messages(sent).into_iter().map(|it| it.0).collect()
}

/// A stack that has heard of a router.
fn routed() -> Rig {
    let mut rig = Rig::ready();
    rig.pump_with(&[near(ROUTER, ALL, &router::advertisement(1800))]);
    rig.after(2 * SECOND);
    rig
}

#[test]
fn a_machine_asks_whether_its_address_is_free_and_for_routers() {
    let mut rig = Rig::new();
    let sent = rig.settle().sent;
    let mut kinds = kinds(&sent);
    kinds.sort_unstable();
    assert_eq!(kinds, [133, 135, 143]);
    let nobody = IpAddress::Ipv6(Ipv6Address::UNSPECIFIED);
    assert!(messages(&sent).iter().all(|it| it.1 == nobody));
    assert_eq!(rig.stack.node.addresses.link_local(), None);
    rig.after(SECOND);
    assert_eq!(rig.stack.node.addresses.link_local(), Some(LINK));
    let mut asked = 0;
    for _ in 0..100 {
        let sent = rig.after(SECOND).sent;
        asked += messages(&sent).iter().filter(|it| it.0 == 133).count();
    }
    assert!((3..10).contains(&asked), "{asked}");
}

#[test]
fn a_router_gives_an_address_servers_and_a_way() {
    let mut rig = routed();
    let told = rig.setting();
    assert_eq!(told.address_v6, WIDE.octets());
    assert_eq!((told.prefix_v6, told.router_v6), (64, ROUTER.octets()));
    assert_eq!(told.servers[0], router::SERVER.octets());
    assert_eq!(told.domain.bytes(), b"lan.example");
    assert_eq!(rig.stack.node.packet_max, 1400);
    rig.open(1, kind::DATAGRAM | kind::V6);
    let far: Ipv6Address = "2001:db8:9::1".parse().expect("it is one");
    assert_eq!(rig.send(1, b"far", Some(&Name::v6(far.octets(), 7))), 3);
    let sent = rig.pump().sent;
    // The router said where it is.
    assert_eq!(sent[0].1[..6], [2, 0, 0, 0, 0, 0x22]);
    assert_eq!(packet_of(&sent[0]).source, WIDE.into());
}

#[test]
fn what_does_not_come_from_the_link_is_no_router() {
    let mut rig = Rig::ready();
    let message = router::advertisement(1800);
    let mut far = near(ROUTER, ALL, &message);
    far[12 + 14 + 7] = 254;
    let wide = near(router::NETWORK, ALL, &message);
    rig.pump_with(&[far, wide]);
    rig.after(2 * SECOND);
    assert_eq!(rig.setting().router_v6, [0; 16]);
    assert_eq!(rig.setting().address_v6, [0; 16]);
}

#[test]
fn a_router_that_goes_is_none_and_addresses_stay_for_a_while() {
    let mut rig = routed();
    let mut message = router::advertisement(0);
    // The network's times: none.
    let at = 16 + 8 + 8 + 4;
    message[at..at + 8].fill(0);
    rig.pump_with(&[near(ROUTER, ALL, &message)]);
    let told = rig.setting();
    assert_eq!(told.router_v6, [0; 16]);
    assert_eq!(told.address_v6, WIDE.octets());
    rig.after(7201 * SECOND);
    assert_eq!(rig.setting().address_v6, [0; 16]);
}

#[test]
fn many_routers_and_networks_are_too_many() {
    let mut rig = Rig::ready();
    for number in 0..100_u8 {
        let mut message = router::advertisement(1800);
        message[16 + 8 + 8 + 16 + 7] = number;
        let source = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 1, number.into());
        rig.pump_with(&[near(source, ALL, &message)]);
    }
    rig.after(2 * SECOND);
    let addresses = &rig.stack.node.addresses;
    assert_eq!(addresses.v6.iter().flatten().count(), 5);
    assert_eq!(addresses.link_local(), Some(LINK));
}

#[test]
fn no_router_makes_packets_smaller_or_larger_than_can_be() {
    let mut rig = Rig::ready();
    for (said, packet_max) in [(0, 1500), (1279, 1500), (9000, 1500), (1280, 1280)] {
        let mut message = router::advertisement(1800);
        // The option behind that of the router's own place.
        message[28..32].copy_from_slice(&u32::to_be_bytes(said));
        rig.pump_with(&[near(ROUTER, ALL, &message)]);
        assert_eq!(rig.stack.node.packet_max, packet_max, "{said}");
    }
}

#[test]
fn no_router_takes_the_address_of_the_link() {
    let mut rig = Rig::ready();
    let mut message = router::advertisement(1800);
    // The network, and for how long.
    message[48..64].copy_from_slice(&Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).octets());
    message[36..44].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    rig.pump_with(&[near(ROUTER, ALL, &message)]);
    rig.after(9000 * SECOND);
    assert_eq!(rig.stack.node.addresses.link_local(), Some(LINK));
}

#[test]
fn no_router_makes_an_address_of_a_group() {
    let mut rig = Rig::ready();
    let mut message = router::advertisement(1800);
    message[48..64].copy_from_slice(&Ipv6Address::new(0xff05, 0, 0, 0, 0, 0, 0, 0).octets());
    rig.pump_with(&[near(ROUTER, ALL, &message)]);
    let own = rig.stack.node.addresses.v6.iter().flatten();
    assert_eq!(own.count(), 1);
}

#[test]
fn a_machine_that_is_told_its_address_hears_no_router() {
    let given = Ipv6Address::new(0x2001, 0xdb8, 7, 0, 0, 0, 0, 1);
    let setting = Setting {
        flags: setting().flags | flag::STATIC_V6,
        prefix_v6: 64,
        address_v6: given.octets(),
        router_v6: ROUTER.octets(),
        ..setting()
    };
    let mut rig = Rig::with(&setting, true);
    rig.after(2 * SECOND);
    rig.pump_with(&[near(ROUTER, ALL, &router::advertisement(1800))]);
    rig.after(2 * SECOND);
    assert_eq!(rig.setting().address_v6, given.octets());
    assert_eq!(rig.stack.node.packet_max, 1500);
    assert!(!rig.stack.node.addresses.is_own(WIDE.into()));
}

#[test]
fn groups_are_asked_for_on_the_link_alone() {
    let query = [[130, 0, 0, 0, 0, 10, 0, 0], [0; 8], [0; 8]].concat();
    for (source, hops, is_heard) in [(ROUTER, 1, true), (ROUTER, 255, false), (WIDE, 1, false)]
    {
        let mut rig = Rig::ready();
        rig.after(9 * SECOND);
        let mut frame = near(source, ALL, &query);
        frame[12 + 14 + 7] = hops;
        rig.pump_with(&[frame]);
        let told = kinds(&rig.after(SECOND).sent);
        assert_eq!(told.contains(&131), is_heard, "{source} {hops}: {told:?}");
    }
}

#[test]
fn an_address_that_somebody_has_is_not_taken() {
    for is_answer in [true, false] {
        let mut rig = Rig::new();
        rig.settle();
        let frame = if is_answer {
            let answer = Neighbour::answer(LINK, PEER_CARD, false);
            near(LINK, ALL, &answer)
        } else {
            let question = Neighbour::question(LINK, PEER_CARD);
            let all = ndp::solicited_node(LINK);
            near(Ipv6Address::UNSPECIFIED, all, &question[..ndp::ANONYMOUS])
        };
        rig.pump_with(&[frame]);
        rig.after(2 * SECOND);
        assert_eq!(rig.stack.node.addresses.link_local(), None);
    }
}

#[test]
fn neighbours_ask_and_are_asked() {
    let mut rig = Rig::ready();
    let question = Neighbour::question(LINK, PEER_CARD);
    let all = ndp::solicited_node(LINK);
    let sent = rig.pump_with(&[near(ROUTER, all, &question)]).sent;
    assert_eq!(messages(&sent), [(136, LINK.into(), ROUTER.into())]);
    assert_eq!(sent[0].1[..6], PEER_CARD.0);
    // Somebody wants the address that this machine has.
    let nobody = Ipv6Address::UNSPECIFIED;
    let wish = near(nobody, all, &question[..ndp::ANONYMOUS]);
    let sent = rig.pump_with(&[wish]).sent;
    assert_eq!(messages(&sent), [(136, LINK.into(), ALL.into())]);
    assert_eq!(rig.stack.node.addresses.link_local(), Some(LINK));
    // And this machine asks for another.
    rig.open(1, kind::DATAGRAM | kind::V6);
    let other = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
    assert_eq!(rig.send(1, b"near", Some(&Name::v6(other.octets(), 7))), 4);
    let sent = rig.settle().sent;
    let asked = (135, LINK.into(), ndp::solicited_node(other).into());
    assert_eq!(messages(&sent), [asked]);
    let answer = Neighbour::answer(other, PEER_CARD, true);
    let sent = rig.pump_with(&[near(other, LINK, &answer)]).sent;
    assert_eq!(sent.len(), 1);
    assert_eq!(packet_of(&sent[0]).payload[8..], *b"near");
}

/// As what comes from a mapped address would be taken for what comes by IPv4.
#[test]
fn what_comes_from_an_address_that_nobody_has_is_dropped() {
    let mut rig = Rig::ready();
    rig.open(1, kind::DATAGRAM | kind::V6);
    rig.bind(1, &Name::v6([0; 16], 7));
    let frame = |source: Ipv6Address| {
        let datagram = made::datagram(9, 7, b"hello");
        let source = IpAddress::Ipv6(source);
        let packet = made::packet(source, LINK.into(), IpProtocol::Udp, &datagram, 6);
        frame(0x86dd, &packet)
    };
    for source in ["::ffff:10.0.2.2", "::1", "ff02::1", "::"] {
        let source = source.parse().expect("it is one");
        rig.pump_with(&[frame(source)]);
        assert_eq!(rig.receive(1), [], "{source}");
    }
    let mut bare = frame(ROUTER);
    // Only by IPv4 there may be no checksum.
    bare[12 + 14 + 40 + 6..][..2].fill(0);
    rig.pump_with(&[bare]);
    assert_eq!(rig.receive(1), []);
    rig.pump_with(&[frame(ROUTER)]);
    assert_eq!(rig.receive(1).len(), 1);
}

#[test]
fn nobody_answers_for_another_or_moves_one() {
    let mut rig = Rig::ready();
    let other = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
    let question = Neighbour::question(other, PEER_CARD);
    let sent = rig.pump_with(&[near(ROUTER, LINK, &question)]).sent;
    assert_eq!(messages(&sent), [], "it is not this machine");
    rig.open(1, kind::DATAGRAM | kind::V6);
    let name = Name::v6(other.octets(), 7);
    rig.send(1, b"near", Some(&name));
    rig.settle();
    let many = EthernetAddress([0x33, 0x33, 0, 0, 0, 1]);
    let answer = Neighbour::answer(other, many, true);
    let sent = rig.pump_with(&[near(other, LINK, &answer)]).sent;
    assert_eq!(sent, [], "all would hear it");
    let answer = Neighbour::answer(other, PEER_CARD, true);
    let sent = rig.pump_with(&[near(other, LINK, &answer)]).sent;
    assert_eq!(sent.len(), 1);
    // Another says that it is there, but not that this is better.
    let mut answer = Neighbour::answer(other, EthernetAddress([2, 0, 0, 0, 0, 9]), true);
    answer[4] = 0x40;
    rig.pump_with(&[near(other, LINK, &answer)]);
    rig.send(1, b"near", Some(&name));
    assert_eq!(rig.pump().sent[0].1[..6], PEER_CARD.0);
}

#[test]
fn an_echo_of_ipv6_is_answered() {
    let mut rig = Rig::ready();
    let question = Neighbour::question(LINK, PEER_CARD);
    rig.pump_with(&[near(ROUTER, LINK, &question)]);
    let echo = [128, 0, 0, 0, 1, 2, 3, 4, 5];
    let sent = rig.pump_with(&[near(ROUTER, LINK, &echo)]).sent;
    let packet = packet_of(&sent[0]);
    assert_eq!(packet.payload[0], 129);
    assert_eq!(packet.payload[4..], [1, 2, 3, 4, 5]);
    let mut wrong = near(ROUTER, LINK, &echo);
    wrong.last_mut().map(|last| *last ^= 1).expect("it is long");
    assert_eq!(rig.pump_with(&[wrong]).sent, []);
    let all = near(ROUTER, ALL, &echo);
    let sent = rig.pump_with(&[all]).sent;
    assert_eq!(packet_of(&sent[0]).source, LINK.into());
    let place = EthernetAddress(sent[0].1[..6].try_into().expect("it is long"));
    assert_eq!(place, PEER_CARD);
}

#[test]
fn a_large_datagram_of_ipv6_is_cut_and_put_together() {
    let mut rig = Rig::ready();
    let question = Neighbour::question(LINK, PEER_CARD);
    rig.pump_with(&[near(ROUTER, LINK, &question)]);
    rig.open(1, kind::DATAGRAM | kind::V6);
    rig.bind(1, &Name::v6([0; 16], 7));
    let payload: Vec<u8> = (0..5000).map(|it| (it / 3) as u8).collect();
    assert_eq!(
        rig.send(1, &payload, Some(&Name::v6(ROUTER.octets(), 7))),
        5000
    );
    let sent = rig.settle().sent;
    assert_eq!(sent.len(), 4);
    // They come back as if the other had sent them.
    let frames = sent.into_iter().map(|(_, mut sent)| {
        sent[..6].copy_from_slice(&CARD.0);
        let (source, target) = (ROUTER.octets(), LINK.octets());
        sent[14 + 8..14 + 24].copy_from_slice(&source);
        sent[14 + 24..14 + 40].copy_from_slice(&target);
        let mut frame = vec![0; 12];
        frame.extend(sent);
        frame
    });
    let frames: Vec<Vec<u8>> = frames.collect();
    rig.pump_with(&frames);
    let found = rig.receive(1);
    assert_eq!(found.len(), 1);
    assert!(found[0].1 == payload);
}
