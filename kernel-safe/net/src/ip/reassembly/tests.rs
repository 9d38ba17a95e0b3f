//! Tests of reassembly: any order, overlaps, floods.

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn packet(source: u8, payload: &[u8]) -> Packet<'_> {
    Packet {
        source: IpAddress::v4(10, 0, 0, source),
        target: IpAddress::v4(10, 0, 0, 1),
        protocol: IpProtocol::Udp,
        hop_limit: 64,
        payload,
        whole: &[],
        fragment: None,
    }
}

fn fragment(identity: u32, at: usize, is_last: bool) -> Fragment {
    Fragment {
        identity,
        at,
        is_last,
    }
}

fn bytes_of(size: usize) -> Vec<u8> {
    (0..size)
        .map(|place| (place * 7 + place / 251) as u8)
        .collect()
}

/// The parts of a packet: where each begins, and its bytes.
fn cut(bytes: &[u8], size: usize) -> Vec<(usize, &[u8])> {
    bytes
        .chunks(size)
        .enumerate()
        .map(|(number, part)| (number * size, part))
        .collect()
}

proptest! {
    #[test]
    fn parts_in_any_order_make_the_packet(
        size in 1_usize..20_000,
        part in 80_usize..200,
        seed: u64,
        doubles in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let bytes = bytes_of(size);
        let mut parts = cut(&bytes, part * 8);
        let end = size;
        for double in doubles {
            let double = *double.get(&parts);
            parts.push(double);
        }
        let mut random = crate::random::Random::new([seed as u8; 32]);
        for place in (1..parts.len()).rev() {
            parts.swap(place, random.below(place as u64 + 1) as usize);
        }
        let mut reassembly = Reassembly::default();
        let whole = parts.iter().find_map(|(at, part)| {
            let is_last = at + part.len() == end;
            reassembly.add(&packet(2, part), fragment(9, *at, is_last), 0)
        });
        prop_assert_eq!(whole, Some((IpProtocol::Udp, bytes)));
    }

    #[test]
    fn no_parts_make_it_fail_or_take_too_much(
        parts in prop::collection::vec(
            (0_u8..8, 0_u32..3, 0_usize..9000, 0_usize..1500, any::<bool>()), 0..200),
    ) {
        let bytes = [7; 1500];
        let mut reassembly = Reassembly::default();
        for (source, identity, at, size, is_last) in parts {
            let packet = packet(source, &bytes[..size]);
            reassembly.add(&packet, fragment(identity, at * 8, is_last), 0);
            let memory: usize = reassembly.parts.iter().map(|it| it.bytes.capacity()).sum();
            prop_assert!(memory <= BYTES && reassembly.parts.len() <= PACKETS);
            prop_assert!(reassembly.parts.iter().all(|it| it.pieces.len() <= PIECES));
        }
    }
}

#[test]
fn parts_that_overlap_make_the_packet_bad() {
    let bytes = bytes_of(64);
    let mut reassembly = Reassembly::default();
    let mut add = |at, part: &[u8], is_last| {
        let added = reassembly.add(&packet(2, part), fragment(1, at, is_last), 0);
        added.is_some()
    };
    assert!(!add(0, &bytes[..32], false));
    assert!(!add(24, &bytes[24..64], true), "it overlaps");
    assert!(!add(0, &bytes[..32], false));
    assert!(!add(32, &bytes[32..], true), "it stays bad");
    reassembly.tick(PATIENCE);
    assert_eq!(reassembly.deadline(), NEVER);
    // The same place with other bytes.
    let other = [0x55; 32];
    let mut add = |at, part: &[u8], is_last| {
        let added = reassembly.add(&packet(2, part), fragment(2, at, is_last), 0);
        added.is_some()
    };
    assert!(!add(0, &bytes[..32], false));
    assert!(!add(0, &other, false));
    assert!(!add(32, &bytes[32..], true));
}

#[test]
fn an_end_before_what_has_come_and_a_second_end_are_bad() {
    for parts in [
        [(32, 32, false), (0, 16, true)],
        [(32, 32, true), (64, 32, true)],
        [(32, 32, true), (64, 32, false)],
    ] {
        let mut reassembly = Reassembly::default();
        for (at, size, is_last) in parts {
            let bytes = vec![0; size];
            reassembly.add(&packet(2, &bytes), fragment(1, at, is_last), 0);
        }
        assert!(reassembly.parts[0].is_bad, "{parts:?}");
    }
}

#[test]
fn odd_and_endless_parts_are_not_taken() {
    let mut reassembly = Reassembly::default();
    let bytes = [0; 1000];
    for (size, at, is_last) in [(9, 0, false), (0, 0, true), (1000, 65_528, true)] {
        let part = packet(2, &bytes[..size]);
        assert_eq!(reassembly.add(&part, fragment(1, at, is_last), 0), None);
        assert!(reassembly.parts.is_empty());
    }
}

#[test]
fn parts_of_one_packet_go_to_one_place_by_one_protocol() {
    let mut reassembly = Reassembly::default();
    let bytes = bytes_of(16);
    let first = packet(2, &bytes[..8]);
    assert_eq!(reassembly.add(&first, fragment(1, 0, false), 0), None);
    let second = packet(2, &bytes[8..]);
    for other in [
        Packet {
            target: IpAddress::v4(10, 0, 0, 255),
            ..second
        },
        Packet {
            protocol: IpProtocol::Tcp,
            ..second
        },
    ] {
        assert_eq!(reassembly.add(&other, fragment(1, 8, true), 0), None);
    }
    let whole = reassembly.add(&second, fragment(1, 8, true), 0);
    assert_eq!(whole, Some((IpProtocol::Udp, bytes)));
}

#[test]
fn a_packet_is_in_a_few_pieces_at_most() {
    let mut reassembly = Reassembly::default();
    for number in 0..=PIECES {
        let pieces = reassembly.parts.first().map_or(0, |it| it.pieces.len());
        assert_eq!(pieces, number, "each is apart from the others");
        reassembly.add(&packet(2, &[7; 8]), fragment(1, number * 16, false), 0);
    }
    assert!(reassembly.parts[0].is_bad);
}

#[test]
fn one_sender_displaces_his_own_only() {
    let mut reassembly = Reassembly::default();
    let bytes = bytes_of(16);
    assert!(
        reassembly
            .add(&packet(1, &bytes[..8]), fragment(1, 0, false), 0)
            .is_none()
    );
    for identity in 0..1000 {
        reassembly.add(&packet(2, &bytes[..8]), fragment(identity, 0, false), 1);
    }
    assert_eq!(reassembly.parts.len(), 1 + OF_ONE);
    let whole = reassembly.add(&packet(1, &bytes[8..]), fragment(1, 8, true), 2);
    assert_eq!(whole, Some((IpProtocol::Udp, bytes)));
}

#[test]
fn what_waits_too_long_is_given_up() {
    let mut reassembly = Reassembly::default();
    let bytes = bytes_of(16);
    reassembly.add(&packet(1, &bytes[..8]), fragment(1, 0, false), SECOND);
    assert_eq!(reassembly.deadline(), SECOND + PATIENCE);
    reassembly.tick(SECOND + PATIENCE);
    let late = reassembly.add(&packet(1, &bytes[8..]), fragment(1, 8, true), 32 * SECOND);
    assert_eq!(late, None);
}
