//! Tests of datagrams that are larger than packets.

use domains::network::Name;
use domains::network::window::Pages;
use gate::cell::net::{card, kind};

use super::rig::*;

/// Two stacks on one cable: the one that sends, and the one that receives.
fn pair() -> (Rig, Rig) {
    let mut other = setting();
    other.address_v4 = PEER;
    (Rig::new(), Rig::with(&other, true))
}

/// The frames as the other stack gets them: each to its card.
fn carried(sent: Vec<Sent>) -> Vec<Vec<u8>> {
    let frames = sent.into_iter().map(|(_, mut frame)| {
        frame[..6].copy_from_slice(&CARD.0);
        frame[6..12].copy_from_slice(&PEER_CARD.0);
        let mut with_header = vec![0; 12];
        with_header.extend(frame);
        with_header
    });
    frames.collect()
}

fn payload(size: usize) -> Vec<u8> {
    (0..size)
        .map(|place| (place * 31 + place / 255) as u8)
        .collect()
}

fn large_window(rig: &mut Rig, socket: u32, kind: u32) {
    let pages = Pages {
        receive: 64,
        send: 0,
    };
    assert_eq!(rig.stack.open(socket, kind, pages.word()), 0);
}

/// Two machines, of which one can send datagrams to the other, at port 7.
fn talking() -> (Rig, Rig) {
    let (mut one, mut other) = pair();
    one.know_peer();
    other.settle();
    one.open(1, kind::DATAGRAM);
    large_window(&mut other, 1, kind::DATAGRAM);
    other.bind(1, &Name::v4([0; 4], 7));
    (one, other)
}

#[test]
fn the_largest_datagram_arrives_whole() {
    let (mut one, mut other) = talking();
    for size in [1472, 1473, 5000, 65_507] {
        let payload = payload(size);
        let sent = one.send(1, &payload, Some(&Name::v4(PEER, 7)));
        assert_eq!(sent, size as i64);
        let sent = one.settle().sent;
        assert_eq!(sent.len(), (size + 8).div_ceil(1480));
        let mut frames = carried(sent);
        frames.reverse();
        other.pump_with(&frames);
        let found = other.receive(1);
        assert_eq!(found.len(), 1);
        assert!(found[0].1 == payload);
        one.know_peer();
    }
}

#[test]
fn without_buffers_for_all_parts_none_is_sent() {
    let (mut one, _) = pair();
    one.gives = 30;
    one.pump();
    one.gives = 1;
    one.know_peer();
    one.open(1, kind::DATAGRAM);
    let name = Name::v4(PEER, 7);
    let size = one.send(1, &payload(60_000), Some(&name));
    assert_eq!(size, -domains::errno::ENOBUFS);
    assert_eq!(one.stack.node.frames.waiting(), 0);
    // Nor if they would leave nothing for the link itself.
    let parts = one.stack.node.frames.small_count() - 2;
    let size = one.send(1, &payload(parts * 1480 - 8), Some(&name));
    assert_eq!(size, -domains::errno::ENOBUFS);
    assert_eq!(one.stack.node.frames.waiting(), 0);
    assert!(one.send(1, &payload(20_000), Some(&name)) > 0);
    assert_eq!(one.settle().sent.len(), 14);
}

/// The card has looked at each, and none of them has a checksum of all.
#[test]
fn no_card_has_looked_at_a_datagram_in_parts() {
    let (mut one, mut other) = talking();
    other.flags = card::LOOKS;
    for (flaw, count) in [(1, 0), (0, 1)] {
        one.send(1, &payload(4000), Some(&Name::v4(PEER, 7)));
        let mut frames = carried(one.settle().sent);
        frames.iter_mut().for_each(|frame| frame[0] = 1);
        frames[1][100] ^= flaw;
        other.pump_with(&frames);
        assert_eq!(other.receive(1).len(), count);
    }
}

#[test]
fn overlapping_parts_and_floods_of_parts_are_survived() {
    let (mut one, mut other) = talking();
    one.send(1, &payload(4000), Some(&Name::v4(PEER, 7)));
    let frames = carried(one.settle().sent);
    assert_eq!(frames.len(), 3);
    let mut overlapping = frames[1].clone();
    // Eight bytes earlier; the checksum of the header follows.
    let at = 12 + 14 + 6;
    let place = u16::from_be_bytes([overlapping[at], overlapping[at + 1]]) - 1;
    overlapping[at..at + 2].copy_from_slice(&place.to_be_bytes());
    overlapping[at + 4..at + 6].fill(0);
    let sum = !smoltcp::wire::checksum::data(&overlapping[26..46]);
    overlapping[at + 4..at + 6].copy_from_slice(&sum.to_be_bytes());
    let all = [
        frames[0].clone(),
        overlapping,
        frames[1].clone(),
        frames[2].clone(),
    ];
    other.pump_with(&all);
    assert_eq!(other.receive(1).len(), 0);
    for round in 0..40 {
        one.send(1, &payload(4000), Some(&Name::v4(PEER, 7)));
        let frames = carried(one.settle().sent);
        other.pump_with(&frames[..2]);
        if round == 39 {
            other.pump_with(&frames[2..]);
        }
    }
    assert_eq!(other.receive(1).len(), 1, "the last one is whole");
}
