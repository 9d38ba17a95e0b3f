//! Tests of the neighbours: what a scan, a flood and time do to them.

use domains::network::packets::RECEIVE;

use super::due::BATCH;
use super::*;
use crate::link::frames::{Frames, Size};
use crate::testing::Bench;

const SECOND: u64 = 1_000_000_000;
const PLACE: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 9]);

fn address(number: usize) -> IpAddress {
    IpAddress::v4(10, 1, (number >> 8) as u8, number as u8)
}

fn neighbours() -> Neighbours {
    Neighbours::new(Keyed::new([1, 2]))
}

/// So many buffers, as if they were full.
fn packets(count: usize) -> Vec<Waiting> {
    let mut frames = Frames::new(Bench::new());
    for number in 0..count {
        assert!(frames.adopt(RECEIVE + number));
    }
    let buffers = (0..count).map_while(|_| frames.take(Size::Reserved));
    let packets = buffers.map(|buffer| Waiting { buffer, size: 60 });
    packets.collect()
}

fn due(neighbours: &mut Neighbours, now: u64) -> Vec<Due> {
    let mut batch = [const { None }; BATCH];
    neighbours.due(now, &mut batch);
    batch.into_iter().flatten().collect()
}

fn known(neighbours: &mut Neighbours, number: usize, now: u64) {
    let packet = packets(1).pop().expect("one was made");
    assert!(neighbours.wait(address(number), packet, now).now);
    let waited = neighbours.told(address(number), PLACE, true, now);
    assert_eq!(waited.iter().flatten().count(), 1);
}

#[test]
fn an_answer_lets_the_packets_go_that_waited() {
    let mut neighbours = neighbours();
    let mut asked = 0;
    let mut dropped = 0;
    for packet in packets(5) {
        let answer = neighbours.wait(address(1), packet, 0);
        asked += usize::from(answer.now);
        dropped += answer.dropped.iter().flatten().count();
    }
    assert_eq!((asked, dropped), (1, 2), "asked once, three wait");
    let waited = neighbours.told(address(1), PLACE, true, 1);
    assert_eq!(waited.iter().flatten().count(), WAITING);
    assert_eq!(neighbours.waiting(), 0);
    assert_eq!(neighbours.find(address(1), 2), Some(PLACE));
}

#[test]
fn what_nobody_asked_for_is_not_learnt() {
    let mut neighbours = neighbours();
    neighbours.told(address(1), PLACE, true, 0);
    neighbours.told(address(1), PLACE, false, 0);
    assert_eq!(neighbours.count(), 0);
}

#[test]
fn an_address_is_asked_for_once_a_second_and_given_up() {
    let mut neighbours = neighbours();
    let packet = packets(1).pop().expect("one was made");
    assert!(neighbours.wait(address(1), packet, 0).now);
    assert_eq!(due(&mut neighbours, SECOND - 1), []);
    let ask = [Due::Ask(address(1), None)];
    assert_eq!(due(&mut neighbours, SECOND), ask);
    assert_eq!(due(&mut neighbours, SECOND), []);
    assert_eq!(due(&mut neighbours, 2 * SECOND), ask);
    let end = due(&mut neighbours, 3 * SECOND);
    assert!(matches!(&end[..], [Due::GivenUp([Some(_), None, None])]));
    assert_eq!((neighbours.count(), neighbours.waiting()), (0, 0));
    assert_eq!(neighbours.deadline(), NEVER);
}

#[test]
fn one_that_is_used_is_asked_again_where_it_was() {
    let mut neighbours = neighbours();
    known(&mut neighbours, 1, 0);
    let later = 40 * SECOND;
    assert_eq!(due(&mut neighbours, later), []);
    assert_eq!(neighbours.find(address(1), later), Some(PLACE));
    let soon = later + DELAY;
    assert_eq!(
        due(&mut neighbours, soon),
        [Due::Ask(address(1), Some(PLACE))]
    );
    neighbours.told(address(1), PLACE, true, soon);
    assert_eq!(neighbours.find(address(1), soon + 1), Some(PLACE));
    assert_eq!(due(&mut neighbours, soon + 20 * SECOND), []);
}

#[test]
fn a_scan_of_a_network_displaces_nobody() {
    let mut neighbours = neighbours();
    for number in 0..ENTRIES - UNANSWERED {
        known(&mut neighbours, number, 1);
        neighbours.find(address(number), 2);
    }
    let mut waiting = 0_usize;
    for number in 1000..2000 {
        let packet = packets(1).pop().expect("one was made");
        let asked = neighbours.wait(address(number), packet, 3);
        waiting += 1;
        waiting -= asked.dropped.iter().flatten().count();
        assert_eq!(neighbours.waiting(), waiting, "no buffer is lost");
        assert!(waiting <= WAITING_ALL);
    }
    assert!(neighbours.count() <= ENTRIES);
    for number in 0..ENTRIES - UNANSWERED {
        assert_eq!(neighbours.find(address(number), 4), Some(PLACE));
    }
}

#[test]
fn all_that_waited_give_way_with_their_address() {
    let mut neighbours = neighbours();
    let mut waiting = 0_usize;
    for number in 0..2 * UNANSWERED {
        for packet in packets(WAITING) {
            let asked = neighbours.wait(address(number), packet, number as u64 + 1);
            waiting += 1;
            waiting -= asked.dropped.iter().flatten().count();
            assert_eq!(neighbours.waiting(), waiting, "no buffer is lost");
        }
    }
}

#[test]
fn a_flood_of_those_who_ask_displaces_nobody_who_is_used() {
    let mut neighbours = neighbours();
    for number in 0..10 {
        known(&mut neighbours, number, 1);
        neighbours.find(address(number), 2);
    }
    for number in 1000..5000 {
        neighbours.asked_by(address(number), PLACE, number as u64);
    }
    assert_eq!(neighbours.count(), ENTRIES);
    for number in 0..10 {
        assert_eq!(neighbours.find(address(number), 6000), Some(PLACE));
    }
    // And who is needed finds room.
    known(&mut neighbours, 9000, 6001);
}

#[test]
fn a_stranger_finds_no_room_where_all_are_used() {
    let mut neighbours = neighbours();
    for number in 0..ENTRIES {
        known(&mut neighbours, number, 1);
    }
    for number in 1000..1100 {
        neighbours.asked_by(address(number), PLACE, 2);
    }
    for number in 0..ENTRIES {
        assert_eq!(neighbours.find(address(number), 3), Some(PLACE));
    }
}

#[test]
fn all_that_are_given_up_at_once_are_told() {
    let mut neighbours = neighbours();
    for (number, packet) in packets(30).into_iter().enumerate() {
        neighbours.wait(address(number), packet, 0);
    }
    let mut given_up = 0;
    for now in 1..=20 {
        let due = due(&mut neighbours, now * SECOND);
        let packets = due.iter().map(|due| match due {
            Due::GivenUp(packets) => packets.iter().flatten().count(),
            Due::Ask(..) => 0,
        });
        given_up += packets.sum::<usize>();
    }
    assert_eq!(given_up, 30);
    assert_eq!((neighbours.count(), neighbours.waiting()), (0, 0));
}

#[test]
fn the_last_that_was_found_is_found_anew_where_it_moved_or_is_old() {
    const OTHER: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 7]);
    let mut neighbours = neighbours();
    known(&mut neighbours, 1, 0);
    known(&mut neighbours, 2, 0);
    assert_eq!(neighbours.find(address(1), 1), Some(PLACE));
    assert_eq!(neighbours.find(address(3), 1), None);
    assert_eq!(neighbours.find(address(1), 1), Some(PLACE));
    neighbours.told(address(1), OTHER, false, 2);
    assert_eq!(neighbours.find(address(1), 3), Some(OTHER), "it has moved");
    neighbours.find(address(2), 4);
    neighbours.forget(address(2));
    assert_eq!(neighbours.find(address(2), 5), None);
    // One that is used all the time is asked for again when its time is over.
    let mut asked = 0;
    known(&mut neighbours, 4, 0);
    for now in (0..60 * SECOND).step_by(SECOND as usize / 4) {
        assert_eq!(neighbours.find(address(4), now), Some(PLACE));
        for what in due(&mut neighbours, now) {
            if let Due::Ask(whom, _) = what
                && whom == address(4)
            {
                neighbours.told(whom, PLACE, true, now);
                asked += 1;
            }
        }
    }
    assert!(asked > 0);
}
