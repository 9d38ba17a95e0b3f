//! Slots, with replies as a cell may allege them.

use super::*;

/// Slots with the first `sent` of them at the device, with room for 100.
fn with_sent(sent: usize) -> Slots {
    let mut slots = Slots::new();
    for number in 0..sent {
        assert_eq!(slots.take(), Ok(Some(number)));
        assert_eq!(slots.send(number, ROOM, 0, 0), Ok(()));
    }
    slots
}

type Come = Result<Option<(usize, usize)>, DriverError>;

const BROKEN: Result<(), Trouble> = Err(Trouble::Failed(Errno::Device));
const NOTHING: Come = Ok(None);
const ROOM: Room = Room { at: 64, size: 100 };

fn come(slot: usize, size: usize) -> Come {
    Ok(Some((slot, size)))
}

/// Takes these replies, and nothing behind what halts; what finished, and why no
/// more were taken.
fn collected(slots: &mut Slots, replies: &[Come]) -> (u32, Result<(), Halt>) {
    let shared = Mutex::new(core::mem::take(slots));
    let (mut replies, mut finished) = (replies.iter(), 0);
    let next = || *replies.next().expect("nobody asks a liar again");
    let come = collect(&shared, &mut finished, next);
    *slots = shared.into_inner();
    (finished, come)
}

#[test]
fn by_a_broken_channel_nothing_is_sent() {
    let mut slots = with_sent(1);
    let slot = slots.take().expect("it is whole").expect("one is free");
    slots.give_up();
    assert_eq!(slots.send(slot, ROOM, 0, 0), BROKEN);
}

#[test]
fn replies_come_in_any_order() {
    let mut slots = with_sent(3);
    let replies = [come(2, 7), come(0, 100), NOTHING];
    assert_eq!(collected(&mut slots, &replies), (0b101, Ok(())));
    assert_eq!(slots.outcome(2), Outcome::Answered(7));
    assert_eq!(slots.outcome(0), Outcome::Answered(100));
    assert_eq!(slots.outcome(1), Outcome::Waiting);
    slots.give_back(2);
    assert_eq!(slots.take(), Ok(Some(2)));
}

#[test]
fn a_reply_is_taken_once_and_its_window_can_be_sent_again() {
    let mut slots = with_sent(1);
    assert_eq!(slots.send(0, ROOM, 0, 0), BROKEN, "the device has it");
    assert_eq!(collected(&mut slots, &[come(0, 7)]), (1, Ok(())));
    assert_eq!(slots.send(0, ROOM, 0, 0), BROKEN, "it was not looked at");
    assert_eq!(slots.outcome(0), Outcome::Answered(7));
    assert_eq!(slots.outcome(0), Outcome::Broken);
    assert_eq!(slots.send(0, ROOM, 0, 0), Ok(()));
    assert_eq!(slots.outcome(0), Outcome::Waiting);
}

#[test]
fn a_reply_that_cannot_be_is_a_lie() {
    for (slot, size) in [
        (1, 101),
        (2, 1),
        (9, 1),
        (1 << 30, 0),
        (usize::MAX, usize::MAX),
    ] {
        let mut slots = with_sent(2);
        let come = collected(&mut slots, &[come(slot, size)]);
        assert_eq!(come, (0, Err(Halt::Lie)), "{slot}, {size}");
        assert_eq!(slots.outcome(1), Outcome::Waiting);
    }
}

#[test]
fn a_cell_that_has_failed_is_not_asked_again() {
    for why in [DriverError::Failed, DriverError::Restarted] {
        let mut slots = with_sent(2);
        let come = collected(&mut slots, &[come(0, 1), Err(why)]);
        assert_eq!(come, (1, Err(Halt::Failed(why))));
    }
}

#[test]
fn a_reply_that_comes_twice_is_a_lie() {
    let mut slots = with_sent(2);
    let come = collected(&mut slots, &[come(0, 1), come(0, 1)]);
    assert_eq!(come, (1, Err(Halt::Lie)));
    assert_eq!(slots.outcome(0), Outcome::Answered(1));
}

#[test]
fn what_has_no_reply_is_under_way() {
    let mut slots = with_sent(3);
    assert_eq!(collected(&mut slots, &[come(1, 7), NOTHING]), (2, Ok(())));
    assert_eq!(slots.unanswered(|_, _| None), 2);
    assert_eq!(slots.unanswered(|slot, _| (slot == 0).then_some(9)), 1);
}

#[test]
fn a_window_that_the_device_has_is_not_used_again() {
    let mut slots = with_sent(1);
    slots.give_up();
    assert_eq!(slots.outcome(0), Outcome::Broken);
    slots.give_back(0);
    assert_eq!(slots.unanswered(|_, _| None), 1);
}

#[test]
fn what_a_cell_had_sent_is_answered_or_lost_when_it_is_started_anew() {
    let mut slots = with_sent(3);
    slots.give_back(2);
    assert_eq!(collected(&mut slots, &[come(1, 7), NOTHING]), (2, Ok(())));
    assert_eq!(slots.take(), Ok(Some(3)));
    assert_eq!(slots.send(3, ROOM, 1, 1), Ok(()));
    let in_window = |slot, room| (slot == 0 && room == ROOM).then_some(9);
    assert_eq!(slots.restart(1, in_window), 0b101);
    assert_eq!(slots.outcome(0), Outcome::Answered(9));
    assert_eq!(slots.outcome(1), Outcome::Answered(7), "it had come before");
    assert_eq!(slots.outcome(2), Outcome::Lost);
    assert_eq!(slots.outcome(3), Outcome::Waiting, "the new cell has it");
    assert_eq!(slots.restart(1, in_window), 0);
    slots.give_back(2);
    assert_eq!(slots.take(), Ok(Some(2)), "no device has it any more");
}

#[test]
fn what_speaks_of_an_earlier_session_is_not_sent() {
    let mut slots = with_sent(0);
    assert_eq!(slots.take(), Ok(Some(0)));
    assert_eq!(slots.send(0, ROOM, 4, 5), Err(Trouble::Unsent));
    assert_eq!(slots.send(0, ROOM, 5, 4), Err(Trouble::Unsent));
    assert!(!slots.is_waiting(0));
    assert_eq!(slots.send(0, ROOM, 5, 5), Ok(()));
}

#[test]
fn nobody_waits_by_a_broken_channel() {
    let mut slots = with_sent(REQUESTS);
    assert!(slots.is_waiting(0));
    assert!(!slots.is_ready());
    slots.give_up();
    assert!(!slots.is_waiting(0));
    assert!(slots.is_ready());
}

#[test]
fn there_are_so_many_and_no_more() {
    let mut slots = with_sent(REQUESTS);
    assert_eq!(slots.take(), Ok(None));
    assert!(!slots.is_ready());
    assert!(!slots.is_waiting(REQUESTS));
    assert_eq!(slots.outcome(REQUESTS), Outcome::Broken);
}

#[test]
fn by_a_broken_channel_nothing_is_taken_or_looked_for() {
    let mut slots = with_sent(REQUESTS);
    slots.give_up();
    assert_eq!(slots.take(), Err(Errno::Device));
    assert_eq!(collected(&mut slots, &[]), (0, Ok(())));
}
