//! Tests of ICMP: echoes, and errors both ways.

use domains::errno::{ECONNREFUSED, EHOSTUNREACH};
use domains::network::Name;
use domains::network::window::told;
use gate::cell::net::{card, kind};
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol};

use super::rig::*;
use crate::testing::packets as made;

const HOME: [u8; 4] = [127, 0, 0, 1];

/// The message of ICMP in the only packet that was sent.
fn message(sent: &[Sent]) -> Vec<u8> {
    assert_eq!(sent.len(), 1);
    let packet = packet_of(&sent[0]);
    assert_eq!(packet.protocol, IpProtocol::Icmp);
    packet.payload.to_vec()
}

/// What a router says of a packet that was sent.
fn about(kind: u8, code: u8, rest: [u8; 4], sent: &Sent) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(&sent.1[14..14 + 28]);
    message
}

#[test]
fn an_echo_is_answered_with_the_same_bytes() {
    let mut rig = Rig::new();
    rig.know_peer();
    let sent = rig.pump_with(&[icmp(&[8, 0, 0, 0, 1, 2, 3, 4, 5, 6])]).sent;
    let answer = message(&sent);
    assert_eq!(answer[..2], [0, 0]);
    assert_eq!(answer[4..], [1, 2, 3, 4, 5, 6]);
    let mut wrong = icmp(&[8, 0, 0, 0, 1, 2, 3, 4]);
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    // No card looks at the checksum of ICMP, whatever it alleges.
    (wrong[0], rig.flags) = (1, card::LOOKS);
    assert_eq!(rig.pump_with(&[wrong, icmp(&[8, 0]), icmp(&[])]).sent, []);
}

/// Else everybody would answer whoever is named as the sender.
#[test]
fn an_echo_to_everybody_or_to_others_is_not_answered() {
    let mut rig = Rig::new();
    rig.know_peer();
    // Its checksum is the port to which leases come.
    let echo = [8, 0, 0, 0, 0xf7, 0xbb, 0, 0];
    for (target, place) in [
        ([255; 4], EthernetAddress::BROADCAST),
        ([10, 0, 2, 255], EthernetAddress::BROADCAST),
        ([10, 0, 2, 99], CARD),
    ] {
        let target = IpAddress::Ipv4(target.into());
        let packet = made::packet(peer(), target, IpProtocol::Icmp, &echo, 2);
        assert_eq!(packet[22..24], [0, 68]);
        let asked = frame_to(place, 0x0800, &packet);
        assert_eq!(rig.pump_with(&[asked]).sent, [], "{target}");
    }
}

#[test]
fn an_error_is_not_long() {
    let mut rig = Rig::new();
    rig.know_peer();
    let sent = rig.pump_with(&[udp(9, 7, &[7; 1400])]).sent;
    let answer = message(&sent);
    assert!(20 + answer.len() <= 576, "{}", answer.len());
}

#[test]
fn echoes_are_limited() {
    let mut rig = Rig::new();
    rig.know_peer();
    let mut answered = 0;
    for _ in 0..50 {
        let frames = vec![icmp(&[8, 0, 0, 0, 1, 2, 3, 4]); 60];
        answered += rig.pump_with(&frames).sent.len();
        answered += rig.settle().sent.len();
    }
    assert!(answered <= 200, "{answered}");
}

#[test]
fn who_speaks_to_a_port_that_nobody_has_is_told_and_not_too_often() {
    let mut rig = Rig::new();
    rig.know_peer();
    let sent = rig.pump_with(&[udp(9, 7, b"hello")]).sent;
    let answer = message(&sent);
    assert_eq!(answer[..2], [3, 3]);
    assert_eq!(answer[8 + 20..8 + 24], [0, 9, 0, 7]);
    let mut answered = 0;
    for _ in 0..20 {
        let pumped = rig.pump_with(&vec![udp(9, 7, b"hello"); 60]);
        answered += pumped.sent.len();
    }
    assert!(answered <= 50, "{answered}");
}

#[test]
fn nobody_is_told_of_what_was_to_many() {
    let mut rig = Rig::new();
    rig.know_peer();
    let datagram = made::datagram(9, 7, b"hello");
    for target in [[255; 4], [10, 0, 2, 255], [224, 0, 0, 1]] {
        let target = IpAddress::Ipv4(target.into());
        let packet = made::packet(peer(), target, IpProtocol::Udp, &datagram, 6);
        let all = frame_to(EthernetAddress::BROADCAST, 0x0800, &packet);
        assert_eq!(rig.pump_with(&[all]).sent, []);
    }
    let strange = IpProtocol::Unknown(99);
    let everybody = IpAddress::v4(255, 255, 255, 255);
    let packet = made::packet(peer(), everybody, strange, &[0; 8], 0);
    let all = frame_to(EthernetAddress::BROADCAST, 0x0800, &packet);
    assert_eq!(rig.pump_with(&[all]).sent, []);
    let strange = made::packet(peer(), own(), strange, &[0; 8], 0);
    let sent = rig.pump_with(&[frame(0x0800, &strange)]).sent;
    assert_eq!(message(&sent)[..2], [3, 2]);
}

#[test]
fn who_is_connected_is_told_that_nobody_is_there() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    rig.connect(1, &Name::v4(PEER, 7));
    rig.send(1, b"hello", None);
    let sent = rig.pump().sent;
    let errors = [
        icmp(&about(3, 3, [0; 4], &sent[0])),
        icmp(&about(3, 1, [0; 4], &sent[0])),
    ];
    for (error, errno) in errors.into_iter().zip([ECONNREFUSED, EHOSTUNREACH]) {
        let changed = rig.pump_with(&[error]).changed;
        assert_eq!(changed, [1]);
        assert_eq!(rig.told(1, told::ERROR), errno as u64);
        assert_eq!(rig.send(1, b"hello", None), -errno);
        assert_eq!(rig.send(1, b"hello", None), 5);
        rig.pump();
    }
    // That a packet was too large is no error: the next one is smaller.
    rig.pump_with(&[icmp(&about(3, 4, [0, 0, 3, 0xe8], &sent[0]))]);
    assert_eq!(rig.told(1, told::ERROR), 0);
    // An error about another's packet, and about another port.
    let mut other = sent[0].clone();
    other.1[14 + 20] ^= 1;
    rig.pump_with(&[icmp(&about(3, 3, [0; 4], &other))]);
    other.1[14 + 12] ^= 1;
    rig.pump_with(&[icmp(&about(3, 3, [0; 4], &other))]);
    assert_eq!(rig.stack.error(1), 0);
}

#[test]
fn who_is_connected_to_this_machine_is_told_as_well() {
    let mut rig = Rig::alone();
    rig.open(1, kind::DATAGRAM);
    rig.connect(1, &Name::v4(HOME, 7));
    rig.send(1, b"hello", None);
    rig.settle();
    assert_eq!(rig.stack.error(1), ECONNREFUSED);
    rig.open(2, kind::DATAGRAM | kind::V6);
    let mut address = [0; 16];
    address[15] = 1;
    rig.connect(2, &Name::v6(address, 7));
    rig.send(2, b"hello", None);
    rig.settle();
    assert_eq!(rig.stack.error(2), ECONNREFUSED);
}

#[test]
fn packets_become_smaller_if_a_router_says_so_of_one_that_was_sent() {
    let mut rig = Rig::new();
    rig.know_peer();
    rig.open(1, kind::DATAGRAM);
    let send = |rig: &mut Rig| {
        rig.send(1, &[7; 1400], Some(&Name::v4(PEER, 7)));
        rig.settle().sent
    };
    let sent = send(&mut rig);
    assert_eq!(sent.len(), 1);
    let mut other = sent[0].clone();
    other.1[14 + 20] ^= 0x40;
    rig.pump_with(&[icmp(&about(3, 4, [0, 0, 3, 0xe8], &other))]);
    assert_eq!(send(&mut rig).len(), 1, "nobody has that port");
    rig.pump_with(&[icmp(&about(3, 4, [0, 0, 3, 0xe8], &sent[0]))]);
    let parts = send(&mut rig);
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|(_, frame)| frame.len() <= 14 + 1000));
    rig.now += 700 * SECOND;
    rig.know_peer();
    assert_eq!(send(&mut rig).len(), 1, "it is tried again");
}
