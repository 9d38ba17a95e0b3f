//! Tests of the link: neighbours, headers, merged buffers, lists that are wrong.

use domains::errno::EHOSTUNREACH;
use domains::network::Name;
use domains::network::desk::{self, net};
use domains::network::packets;
use domains::network::window::told;
use gate::cell::net::{card, kind};
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol};

use super::rig::*;
use crate::carrier::{Carrier, Checksum, Outgoing};
use crate::ip::checksum;
use crate::lent::Lender;
use crate::link::header::{Header, NEEDS_CHECKSUM};
use crate::testing::packets as made;

fn to_peer() -> Name {
    Name::v4(PEER, 7)
}

/// Whether the checksum of what a packet carries is right.
fn is_right(sent: &Sent) -> bool {
    let packet = packet_of(sent);
    let incoming = crate::carrier::Incoming {
        source: packet.source,
        target: packet.target,
        hop_limit: packet.hop_limit,
        payload: packet.payload,
        whole: &[],
        is_verified: false,
    };
    checksum::is_right(&incoming, packet.protocol)
}

#[test]
fn a_datagram_waits_for_the_address_of_its_neighbour() {
    let mut rig = Rig::ready();
    rig.open(1, kind::DATAGRAM);
    assert_eq!(rig.send(1, b"hello", Some(&to_peer())), 5);
    let sent = rig.settle().sent;
    assert!(sent.iter().all(|(_, frame)| frame[12..14] == [8, 6]));
    let sent = rig.answer_arp(sent);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1[..6], PEER_CARD.0);
    let packet = packet_of(&sent[0]);
    assert_eq!((packet.source, packet.target), (own(), peer()));
    assert_eq!(packet.payload[8..], *b"hello");
    assert!(is_right(&sent[0]));
    assert_eq!(sent[0].0, Header::default());
    assert_eq!(rig.send(1, b"again", Some(&to_peer())), 5);
    assert_eq!(rig.pump().sent.len(), 1, "it is known now");
}

#[test]
fn a_card_that_computes_checksums_is_told_where() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    rig.flags = card::CHECKSUM;
    rig.pump();
    rig.send(1, b"hello", Some(&to_peer()));
    let mut sent = rig.pump().sent.pop().expect("it was sent");
    assert_eq!(sent.0.flags, NEEDS_CHECKSUM);
    assert_eq!((sent.0.checksum_start, sent.0.checksum_offset), (34, 6));
    assert!(!is_right(&sent));
    // What the card does.
    let sum = !smoltcp::wire::checksum::data(&sent.1[34..]);
    sent.1[40..42].copy_from_slice(&sum.to_be_bytes());
    assert!(is_right(&sent));
}

#[test]
fn a_checksum_counts_unless_the_card_has_looked() {
    let mut rig = Rig::new();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    let good = udp(9, 7, b"good");
    let mut bad = udp(9, 7, b"bad");
    let last = bad.len() - 1;
    bad[last] ^= 1;
    rig.pump_with(&[bad.clone(), good]);
    assert_eq!(rig.receive(1).len(), 1);
    for mark in [1, 2] {
        bad[0] = mark;
        rig.flags = 0;
        rig.pump_with(std::slice::from_ref(&bad));
        assert_eq!(rig.receive(1).len(), 0, "nobody agreed that it may");
        rig.flags = card::LOOKS;
        rig.pump_with(std::slice::from_ref(&bad));
        assert_eq!(rig.receive(1).len(), 1);
    }
    bad[1] = 1;
    rig.pump_with(std::slice::from_ref(&bad));
    assert_eq!(
        rig.receive(1).len(),
        0,
        "nobody agreed to get segments that are large"
    );
    rig.joins = true;
    rig.set_card(true, true, true);
    rig.pump_with(std::slice::from_ref(&bad));
    assert_eq!(rig.receive(1).len(), 1);
    bad[1] = 3;
    rig.pump_with(std::slice::from_ref(&bad));
    assert_eq!(rig.receive(1).len(), 0, "they are no segments of TCP");
}

#[test]
fn a_packet_in_several_buffers_is_put_together() {
    let mut rig = Rig::new();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    let payload: Vec<u8> = (0..5000).map(|it| it as u8).collect();
    let mut large = udp(9, 7, &payload);
    large[10] = 3;
    rig.pump_with(&[large.clone(), udp(9, 7, b"next")]);
    let found: Vec<Vec<u8>> = rig.receive(1).into_iter().map(|it| it.1).collect();
    assert_eq!(found, [payload, b"next".to_vec()]);
    // More buffers than there are, and a card that did not agree.
    large[10] = 9;
    rig.pump_with(std::slice::from_ref(&large));
    assert_eq!(rig.receive(1).len(), 0);
    large[10] = 3;
    rig.set_card(true, true, false);
    rig.pump_with(&[large, udp(9, 7, b"next")]);
    assert_eq!(rig.receive(1).len(), 1);
}

#[test]
fn a_frame_has_an_end() {
    let mut rig = Rig::ready();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    let mut large = udp(9, 7, b"hello");
    large[10] = 33;
    large.resize(33 * 2048, 0);
    rig.pump_with(std::slice::from_ref(&large));
    assert_eq!(rig.receive(1), []);
    large[10] = 31;
    large.resize(31 * 2048, 0);
    rig.pump_with(&[large]);
    assert_eq!(
        rig.receive(1).len(),
        1,
        "what is behind a packet is no harm"
    );
}

#[test]
fn nobody_answers_and_the_socket_is_told() {
    let mut rig = Rig::new();
    rig.settle();
    rig.open(1, kind::DATAGRAM);
    assert_eq!(rig.connect(1, &to_peer()), 0);
    rig.send(1, b"hello", None);
    let mut asked = 0;
    let mut changed = Vec::new();
    for _ in 0..6 {
        let pumped = rig.settle();
        let questions = pumped.sent.iter().filter(|it| it.1[38..42] == PEER);
        asked += questions.count();
        changed.extend(pumped.changed);
        rig.now += SECOND;
    }
    assert_eq!(asked, 3);
    assert_eq!(changed, [1]);
    assert_eq!(rig.told(1, told::ERROR), EHOSTUNREACH as u64);
    assert_eq!(rig.stack.error(1), EHOSTUNREACH);
    assert_eq!(rig.told(1, told::ERROR), 0);
}

#[test]
fn questions_for_this_machine_are_answered_and_others_are_not() {
    let mut rig = Rig::new();
    rig.settle();
    let nobody = EthernetAddress([0; 6]);
    let asked = arp(1, PEER_CARD, PEER, nobody, OWN);
    let sent = rig.pump_with(&[asked]).sent;
    assert_eq!(sent[0].1[20..22], [0, 2]);
    assert_eq!(sent[0].1[22..32], [&CARD.0[..], &OWN].concat());
    for other in [
        arp(1, PEER_CARD, PEER, nobody, [10, 0, 2, 77]),
        arp(1, PEER_CARD, OWN, nobody, OWN),
        arp(1, EthernetAddress([0xff; 6]), PEER, nobody, OWN),
        arp(1, PEER_CARD, [9, 9, 9, 9], nobody, OWN),
        arp(1, PEER_CARD, [10, 0, 2, 255], nobody, OWN),
        arp(3, PEER_CARD, PEER, nobody, OWN),
    ] {
        assert_eq!(rig.pump_with(&[other]).sent, []);
    }
}

/// A frame of ARP is shorter than the shortest of Ethernet.
#[test]
fn a_short_frame_is_filled_with_zeros() {
    let mut rig = Rig::new();
    rig.settle();
    for number in packets::RECEIVE..packets::COUNT {
        let buffer = rig.stack.node.frames.lender.buffer(number);
        buffer.expect("it is one").fill(0xff);
    }
    let asked = arp(1, PEER_CARD, PEER, EthernetAddress([0; 6]), OWN);
    let sent = rig.pump_with(&[asked]).sent;
    assert_eq!(sent[0].0, Header::default());
    assert_eq!(sent[0].1[14 + 28..], [0; 18]);
}

#[test]
fn frames_for_others_and_from_nowhere_are_dropped() {
    let mut rig = Rig::new();
    rig.settle();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    let datagram = made::datagram(9, 7, b"hello");
    let packet = |source: [u8; 4], target: [u8; 4]| {
        let (source, target) = (
            IpAddress::Ipv4(source.into()),
            IpAddress::Ipv4(target.into()),
        );
        made::packet(source, target, IpProtocol::Udp, &datagram, 6)
    };
    let all = EthernetAddress::BROADCAST;
    let frames = [
        frame_to(
            EthernetAddress([2, 0, 0, 0, 0, 9]),
            0x0800,
            &packet(PEER, OWN),
        ),
        frame_to(all, 0x0800, &packet(PEER, OWN)),
        frame(0x0800, &packet([127, 0, 0, 1], OWN)),
        frame(0x0800, &packet(OWN, OWN)),
        frame(0x0800, &packet([0; 4], OWN)),
        frame(0x0800, &packet([255; 4], OWN)),
        frame(0x0800, &packet([224, 0, 0, 1], OWN)),
        frame(0x0800, &packet([10, 0, 2, 255], OWN)),
        frame(0x0800, &packet(PEER, [127, 0, 0, 1])),
        frame(0x0800, &packet(PEER, [10, 0, 2, 99])),
        frame(0x86dd, &packet(PEER, OWN)),
        frame(0x0800, &packet(PEER, OWN)[..30]),
        vec![0; 11],
        vec![0; 20],
    ];
    assert_eq!(rig.pump_with(&frames).sent, []);
    assert_eq!(rig.receive(1), []);
    rig.open(2, kind::DATAGRAM);
    rig.bind(2, &Name::v4([127, 0, 0, 1], 68));
    let home = IpAddress::v4(127, 0, 0, 1);
    let lease = made::datagram(67, 68, b"hello");
    let lease = made::packet(peer(), home, IpProtocol::Udp, &lease, 6);
    rig.pump_with(&[frame(0x0800, &lease)]);
    assert_eq!(rig.receive(2), []);
    rig.pump_with(&[frame(0x0800, &packet(PEER, OWN))]);
    assert_eq!(rig.receive(1).len(), 1);
    rig.pump_with(&[frame_to(all, 0x0800, &packet(PEER, [255; 4]))]);
    assert_eq!(rig.receive(1).len(), 1, "that was to everybody");
}

#[test]
fn what_comes_from_loopback_never_leaves() {
    let mut rig = Rig::new();
    rig.know_peer();
    let packet = |source| Outgoing {
        source,
        target: peer(),
        protocol: IpProtocol::Udp,
        hop_limit: 64,
        segment: None,
        header: 0,
    };
    for (source, count) in [(IpAddress::v4(127, 0, 0, 1), 0), (own(), 1)] {
        let packet = packet(source);
        let sent = rig
            .stack
            .node
            .send(&packet, 8, Checksum::At(6), &mut |_| {});
        assert_eq!(sent, Ok(()));
        assert_eq!(rig.pump().sent.len(), count);
    }
}

#[test]
fn a_large_segment_is_cut_by_the_card() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.flags = card::CHECKSUM | card::SEGMENTS;
    rig.pump();
    assert!(rig.stack.node.cuts_to(peer()).is_some());
    assert_eq!(rig.stack.node.cuts_to(IpAddress::v4(127, 0, 0, 1)), None);
    let packet = Outgoing {
        source: own(),
        target: peer(),
        protocol: IpProtocol::Tcp,
        hop_limit: 64,
        segment: Some(1460),
        header: 20,
    };
    let mut fill = |bytes: &mut [u8]| {
        assert_eq!(bytes.len(), 20 + 30_020);
        bytes.fill(0);
        bytes[20 + 12] = 0x50;
    };
    let sum = Checksum::At(16);
    for _ in 0..8 {
        let sent = rig.stack.node.send(&packet, 30_020, sum, &mut fill);
        assert_eq!(sent, Ok(()));
    }
    // A segment of a connection that knows of them would be lost now, so it waits.
    assert!(rig.stack.node.cuts_to(peer()).is_some());
    assert!(!rig.stack.node.has_room(peer(), 30_000), "there are eight");
    assert!(rig.stack.node.has_room(peer(), 1000));
    let sent = rig.pump().sent;
    assert_eq!(sent.len(), 8);
    let (header, frame) = &sent[0];
    assert_eq!(frame.len(), 14 + 20 + 30_020);
    assert_eq!((header.gso, header.segment, header.headers), (1, 1460, 54));
    assert_eq!(header.flags, NEEDS_CHECKSUM);
    assert_eq!((header.checksum_start, header.checksum_offset), (34, 16));
    // What the card begins with is the sum of the addresses and of the length.
    let sum = smoltcp::wire::checksum::pseudo_header(&own(), &peer(), IpProtocol::Tcp, 30_020);
    assert_eq!(frame[34 + 16..34 + 18], sum.to_be_bytes());
}

#[test]
fn a_flood_of_questions_is_answered_as_far_as_buffers_go() {
    let mut rig = Rig::new();
    rig.gives = 8;
    rig.settle();
    for round in 0..50_u8 {
        let frames: Vec<Vec<u8>> = (0..64)
            .map(|number| {
                let source = [10, 0, 2, number + 100];
                let place = EthernetAddress([2, 0, 0, 0, round, number]);
                arp(1, place, source, EthernetAddress([0; 6]), OWN)
            })
            .collect();
        assert!(rig.pump_with(&frames).sent.len() <= 64);
    }
    rig.know_peer();
}

#[test]
fn a_pulled_cable_loses_frames_and_no_address() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    rig.set_card(true, false, true);
    assert_eq!(
        rig.setting().flags & domains::network::setting::flag::LINK,
        0
    );
    assert_eq!(rig.send(1, b"lost", Some(&to_peer())), 4);
    assert_eq!(rig.settle().sent, []);
    rig.set_card(true, true, true);
    assert_eq!(rig.setting().address_v4, OWN);
    assert_eq!(rig.send(1, b"hello", Some(&to_peer())), 5);
    let sent = rig.settle().sent;
    let sent = rig.answer_arp(sent);
    let sent: Vec<&Sent> = sent
        .iter()
        .filter(|sent| sent.1[12..14] == [8, 0] && packet_of(sent).protocol == IpProtocol::Udp)
        .collect();
    assert_eq!(sent.len(), 1);
}

#[test]
fn lists_that_are_wrong_do_no_harm() {
    let mut rig = Rig::new();
    rig.settle();
    for place in 0..64 {
        let entry = desk::frame(place * 1021, place * 40_000);
        rig.desk.set_word(net::FRAMES_IN + place * 8, entry);
    }
    for place in 0..128 {
        // Those to receive, and those that are none.
        let number = if place % 2 == 0 {
            place
        } else {
            392 + place * 500
        };
        rig.desk.set_word(net::SPARES + place * 8, number as u64);
    }
    let before = rig.stack.node.frames.count();
    let counts = desk::counts([65_535, 65_535, 65_535]);
    let answer = rig.stack.pump(counts, u32::MAX, 0, rig.now);
    let sent = rig.take(answer).sent.len();
    assert_eq!(rig.stack.node.frames.count() + sent, before);
    rig.now = u64::MAX / 2;
    rig.flags = 0;
    rig.pump();
    let dirty = [[9999; 4], [u32::MAX; 4], [1, u32::MAX, 7, 7]];
    rig.open(1, kind::DATAGRAM);
    rig.pump_lists(0, &dirty);
    for socket in [0, 5, 9999, u32::MAX] {
        let errors = [
            rig.stack.open(socket, 99, 1),
            rig.stack.open(u32::MAX, kind::DATAGRAM, 1),
            rig.stack.open(socket, kind::DATAGRAM, 0),
            rig.stack.bind(socket, 0),
            rig.stack.connect(socket),
            rig.stack.listen(socket, 5),
            rig.stack.accept(socket),
            rig.stack.shutdown(socket, 0),
            rig.stack.shutdown(socket, 9),
            rig.stack.close(socket, 0),
            rig.stack.option(socket, 99, 0),
            rig.stack.error(socket),
            rig.stack.datagram(socket, usize::MAX, 1),
        ];
        assert!(errors.iter().all(|errno| *errno < 0), "{errors:?}");
    }
}
