//! Calls about a card, which behaves or lies.

mod random;
mod world;

use domains::device::feature;
use domains::network::desk::{self, nic};
use domains::windows;

use super::*;
use world::{Outside, Registers, World, with};

type Card = super::Card<Outside, Registers>;

const ALL: u64 = feature::VERSION_1 | feature::NETWORK;
const BOTH: u32 = WHEN_COME | WHEN_SENT;
/// Where the configuration says that there is a link.
const LINK: usize = 6;

/// A card with these features, whose queues may have so many entries.
fn card_with(features: u64, queue_max: u32) -> (Box<Card>, bool) {
    with(|world| {
        *world = World {
            queue_max,
            configuration: [2, 3, 4, 5, 6, 7, 1, 0, 1, 0, 0xdc, 5],
            ..World::default()
        }
    });
    let mut card = Box::new(Card::new());
    let is_open = card.open(Registers, 0, features);
    (card, is_open)
}

fn card() -> Box<Card> {
    let (card, is_open) = card_with(ALL, 256);
    assert!(is_open);
    card
}

/// Where an entry of a list is.
fn place(list: usize, index: usize) -> u64 {
    windows::nic().start + (list + 8 * index) as u64
}

/// Puts entries on a list; how many.
fn put(list: usize, entries: &[u64]) -> usize {
    with(|world| {
        for (index, entry) in entries.iter().enumerate() {
            world.store(place(list, index), *entry);
        }
    });
    entries.len()
}

fn list(list: usize, count: usize) -> Vec<(usize, usize)> {
    let entry = |index| with(|world| world.load(place(list, index)));
    (0..count)
        .map(|index| desk::buffer_and_size(entry(index)))
        .collect()
}

/// What a call has brought.
#[derive(PartialEq, Eq, Debug, Default)]
struct Brought {
    came: Vec<(usize, usize)>,
    sent: Vec<usize>,
    is_more: bool,
    is_armed: bool,
    has_changed: bool,
}

/// A call with these buffers to receive into and frames to send.
fn try_exchange(
    card: &mut Card,
    posts: &[usize],
    sends: &[(usize, usize)],
    arm: u32,
) -> Result<Brought, Refused> {
    let posts: Vec<u64> = posts.iter().map(|buffer| desk::frame(*buffer, 9)).collect();
    let sends: Vec<u64> = sends
        .iter()
        .map(|(buffer, size)| desk::frame(*buffer, *size))
        .collect();
    let (posts, sends) = (put(nic::POSTS, &posts), put(nic::SENDS, &sends));
    let answer = card.exchange(posts, sends, arm)?;
    let [came, sent, _] = desk::counts_of(answer & 0xffff_ffff);
    assert!(came <= FRAMES && sent <= FRAMES);
    Ok(Brought {
        came: list(nic::CAME, came),
        sent: list(nic::SENT, sent)
            .into_iter()
            .map(|(buffer, _)| buffer)
            .collect(),
        is_more: answer & MORE != 0,
        is_armed: answer & ARMED != 0,
        has_changed: answer & CHANGED != 0,
    })
}

fn exchange(card: &mut Card, posts: &[usize], sends: &[(usize, usize)], arm: u32) -> Brought {
    try_exchange(card, posts, sends, arm).expect("the card behaves")
}

fn publishes() -> [usize; 2] {
    with(|world| [0, 1].map(|queue| std::mem::take(&mut world.queues[queue].publishes)))
}

#[test]
fn frames_leave_and_come_by_their_buffers() {
    let mut card = card();
    let none = exchange(&mut card, &[4, 2, 9], &[(300, 60), (391, 69_632)], 0);
    assert_eq!(none, Brought::default());
    assert_eq!(with(|world| world.receive(99, 1)), Some(4));
    assert_eq!(with(|world| world.receive(2048, 1)), Some(2));
    assert_eq!(with(|world| world.send()), Some((300, 60)));
    assert_eq!(with(|world| world.send()), Some((391, 69_632)));
    let brought = exchange(&mut card, &[], &[], 0);
    assert_eq!(brought.came, [(4, 99), (2, 2048)]);
    assert_eq!(brought.sent, [300, 391]);
    assert_eq!(exchange(&mut card, &[], &[], 0), Brought::default());
}

#[test]
fn what_is_told_of_the_card_is_what_it_says() {
    card();
    let word = |index| with(|world| world.load(place(nic::CARD, index)));
    assert_eq!(word(0).to_le_bytes(), [2, 3, 4, 5, 6, 7, 0, 0]);
    assert_eq!((word(1), word(2)), (1 << 16 | 1500, ALL));
    card_with(feature::VERSION_1, 256);
    assert_eq!((word(1), word(2)), (1 << 16, feature::VERSION_1));
}

#[test]
fn a_queue_has_as_many_entries_as_the_card_allows() {
    for (queue_max, entries) in [(1024, 256), (256, 256), (128, 64), (64, 64)] {
        let (mut card, is_open) = card_with(ALL, queue_max);
        assert!(is_open);
        let mut back = 0;
        for first in (0..256).step_by(FRAMES) {
            let buffers: Vec<usize> = (first..first + FRAMES).collect();
            let brought = exchange(&mut card, &buffers, &[], 0);
            assert!(brought.came.iter().all(|(_, size)| *size == 0));
            back += brought.came.len();
        }
        assert_eq!(with(|world| world.queues[0].has()), entries);
        assert_eq!(back, 256 - entries, "the rest comes back");
    }
    for queue_max in [0, 1, 63] {
        let (card, is_open) = card_with(ALL, queue_max);
        assert!(!is_open && !card.is_open(), "{queue_max}");
    }
}

#[test]
fn frames_for_which_there_is_no_entry_come_back() {
    let (mut card, _) = card_with(ALL, 64);
    let frames: Vec<_> = (256..320).map(|buffer| (buffer, 60)).collect();
    assert_eq!(exchange(&mut card, &[], &frames, 0).sent, []);
    let brought = exchange(&mut card, &[], &[(320, 60), (321, 60)], 0);
    assert_eq!(brought.sent, [320, 321]);
}

#[test]
fn the_card_hears_once_of_all_that_is_new() {
    let mut card = card();
    let many: Vec<usize> = (0..FRAMES).collect();
    exchange(&mut card, &many, &[(256, 60), (257, 60)], BOTH);
    assert_eq!(publishes(), [1, 1]);
    exchange(&mut card, &[], &[], 0);
    assert_eq!(publishes(), [0, 0]);
    // It hears with the next frames that it shall not interrupt.
    exchange(&mut card, &[], &[(258, 60)], 0);
    assert_eq!(publishes(), [0, 1]);
}

/// A call by which it hears of something costs more than all else.
#[test]
fn a_few_buffers_wait_while_the_card_has_others() {
    let mut card = card();
    let many: Vec<usize> = (0..FRAMES).collect();
    exchange(&mut card, &many, &[], 0);
    publishes();
    for buffer in 64..71 {
        exchange(&mut card, &[buffer], &[], 0);
    }
    assert_eq!(publishes(), [0, 0]);
    exchange(&mut card, &[71], &[], 0);
    assert_eq!(publishes(), [1, 0]);
    assert_eq!(with(|world| world.queues[0].has()), 72);
    // With fewer than enough it gets each.
    (0..9).for_each(|_| _ = with(|world| world.receive(60, 1)));
    exchange(&mut card, &[72], &[], 0);
    assert_eq!(
        (publishes(), with(|world| world.queues[0].has())),
        ([1, 0], 64)
    );
}

#[test]
fn the_card_interrupts_if_it_shall_and_there_is_nothing_more() {
    let mut card = card();
    assert!(!exchange(&mut card, &[0, 1, 2], &[(256, 60)], 0).is_armed);
    let interrupts = || with(|world| [0, 1].map(|queue| world.queues[queue].interrupts));
    assert_eq!(interrupts(), [false, false]);
    assert!(exchange(&mut card, &[], &[], WHEN_COME).is_armed);
    assert_eq!(interrupts(), [true, false]);
    assert!(exchange(&mut card, &[], &[], BOTH).is_armed);
    assert_eq!(interrupts(), [true, true]);
    publishes();
    assert!(exchange(&mut card, &[], &[], BOTH).is_armed);
    assert_eq!(publishes(), [0, 0], "it has heard");
    exchange(&mut card, &[3], &[(257, 60)], 0);
    assert_eq!(interrupts(), [false, false]);
}

/// What comes before the card hears that it shall interrupt makes no interrupt.
#[test]
fn there_is_a_second_look_behind_what_the_card_has_heard() {
    let mut card = card();
    exchange(&mut card, &[5, 6], &[], 0);
    with(|world| world.come_late.extend([77, 78]));
    let brought = exchange(&mut card, &[], &[], WHEN_COME);
    assert_eq!(brought.came, [(5, 77), (6, 78)]);
    assert!(brought.is_armed && !brought.is_more);
}

#[test]
fn what_finds_no_room_comes_with_the_next_call() {
    let mut card = card();
    for first in [0, FRAMES] {
        let buffers: Vec<usize> = (first..first + FRAMES).collect();
        let frames: Vec<_> = (first..first + FRAMES).map(|it| (256 + it, 60)).collect();
        exchange(&mut card, &buffers, &frames, 0);
    }
    (0..FRAMES + 1).for_each(|_| _ = with(|world| (world.receive(60, 1), world.send())));
    publishes();
    let brought = exchange(&mut card, &[], &[], BOTH);
    assert_eq!((brought.came.len(), brought.sent.len()), (FRAMES, FRAMES));
    assert!(brought.is_more && !brought.is_armed);
    assert_eq!(publishes(), [0, 0], "there is no sleep before that");
    let brought = exchange(&mut card, &[], &[], BOTH);
    assert_eq!((brought.came, brought.sent), (vec![(64, 60)], vec![320]));
    assert!(brought.is_armed && !brought.is_more);
}

#[test]
fn a_packet_of_several_buffers_is_never_torn() {
    let mut card = card();
    let buffers: Vec<usize> = (0..FRAMES).collect();
    exchange(&mut card, &buffers, &[], 0);
    exchange(&mut card, &(64..80).collect::<Vec<_>>(), &[], 0);
    (0..62).for_each(|_| _ = with(|world| world.receive(60, 1)));
    with(|world| world.receive(2048, 3));
    assert_eq!(exchange(&mut card, &[], &[], 0).came.len(), 62);
    with(|world| (world.receive(2048, 0), world.receive(7, 9)));
    let brought = exchange(&mut card, &[], &[], 0);
    assert_eq!(brought.came, [(62, 2048), (63, 2048), (64, 7)]);
    // One that has no room comes with the next call.
    let mut card = super::tests::card();
    exchange(&mut card, &buffers, &[], 0);
    exchange(&mut card, &(64..80).collect::<Vec<_>>(), &[], 0);
    (0..62).for_each(|_| _ = with(|world| world.receive(60, 1)));
    (0..3).for_each(|_| _ = with(|world| world.receive(2048, 3)));
    let brought = exchange(&mut card, &[], &[], WHEN_COME);
    assert_eq!((brought.came.len(), brought.is_more), (62, true));
    assert_eq!(exchange(&mut card, &[], &[], WHEN_COME).came.len(), 3);
}

/// A buffer that is its own packet says of no others.
#[test]
fn without_the_feature_no_packet_is_in_several_buffers() {
    let (mut card, _) = card_with(ALL & !feature::MERGED_BUFFERS, 256);
    exchange(&mut card, &[0, 1], &[], 0);
    with(|world| world.receive(60, 2));
    assert_eq!(exchange(&mut card, &[], &[], 0).came, [(0, 60)]);
}

#[test]
fn what_makes_no_sense_on_a_list_is_refused() {
    let mut card = card();
    for buffer in [256, 391, 392, 65_535] {
        let refused = try_exchange(&mut card, &[buffer], &[], 0);
        assert_eq!(refused, Err(Refused::Lists), "{buffer}");
    }
    for frame in [
        (0, 60),
        (255, 60),
        (392, 60),
        (256, 0),
        (256, 25),
        (256, 2049),
        (384, 69_633),
        (384, 1 << 40),
    ] {
        let refused = try_exchange(&mut card, &[], &[frame], 0);
        assert_eq!(refused, Err(Refused::Lists), "{frame:?}");
    }
    // Each entry of the lists would do.
    let frames: Vec<u64> = (256..256 + FRAMES).map(|it| desk::frame(it, 60)).collect();
    put(nic::POSTS, &(0..FRAMES as u64).collect::<Vec<_>>());
    put(nic::SENDS, &frames);
    for (posts, sends) in [(65, 0), (0, 65), (usize::MAX, 0), (0, usize::MAX)] {
        assert_eq!(card.exchange(posts, sends, 0), Err(Refused::Lists));
    }
    assert_eq!(with(|world| world.queues[1].has()), 0);
    assert_eq!(
        exchange(&mut card, &[], &[(256, 26), (384, 69_632)], 0).sent,
        []
    );
}

/// It is told what it must not tell of, and the core looks itself.
#[test]
fn a_card_that_tells_of_what_it_does_not_have_is_not_believed() {
    let lies: [fn(); 5] = [
        // What it never had, and what there is not.
        || with(|world| world.queues[0].tell(3, 60)),
        || with(|world| world.queues[0].tell(256, 60)),
        || with(|world| world.queues[1].tell(0xffff, 60)),
        // What it has told of before: by the last call, or by this one.
        || with(|world| world.queues[0].tell(0, 60)),
        || {
            with(|world| {
                world.receive(60, 1);
                world.queues[0].tell(1, 60);
            });
        },
    ];
    for lie in lies {
        let mut card = card();
        exchange(&mut card, &[0, 1], &[], 0);
        with(|world| world.receive(60, 1));
        assert_eq!(exchange(&mut card, &[], &[], 0).came, [(0, 60)]);
        publishes();
        lie();
        let refused = try_exchange(&mut card, &[], &[], 0);
        assert_eq!(refused, Err(Refused::Device));
        assert_eq!(publishes().iter().sum::<usize>(), 1);
    }
}

#[test]
fn a_length_that_cannot_be_brings_the_buffer_and_nothing_in_it() {
    let mut card = card();
    exchange(&mut card, &[0, 1, 2, 3], &[], 0);
    for size in [2049, u32::MAX, 0, 60] {
        with(|world| world.receive(size, 1));
    }
    let brought = exchange(&mut card, &[], &[], 0);
    assert_eq!(brought.came, [(0, 0), (1, 0), (2, 0), (3, 60)]);
}

#[test]
fn what_the_core_refuses_is_an_error() {
    for queue in [0, 1] {
        let mut card = card();
        with(|world| world.queues[queue].is_refused = true);
        let refused = try_exchange(&mut card, &[0], &[(256, 60)], 0);
        assert_eq!(refused, Err(Refused::Device));
    }
}

#[test]
fn a_link_that_goes_is_told_of_by_who_was_woken_for_nothing() {
    let mut card = card();
    assert!(!exchange(&mut card, &[0], &[], WHEN_COME).has_changed);
    let reads = with(|world| world.status_reads);
    with(|world| world.configuration[LINK] = 0);
    assert!(exchange(&mut card, &[], &[], WHEN_COME).has_changed);
    assert_eq!(with(|world| world.load(place(nic::CARD, 1))), 1500);
    assert!(
        !exchange(&mut card, &[], &[], WHEN_COME).has_changed,
        "once"
    );
    assert_eq!(with(|world| world.status_reads), reads + 2);
    with(|world| world.configuration[LINK] = 1);
    assert!(exchange(&mut card, &[], &[], WHEN_COME).has_changed);
}

/// Whoever is interrupted takes first what has come, and wants the next interrupt only
/// when that was looked at. Buffers that are free meanwhile go along.
#[test]
fn a_link_that_goes_is_told_of_though_the_first_look_wants_no_interrupts() {
    let mut card = card();
    exchange(&mut card, &[0], &[], WHEN_COME);
    with(|world| world.configuration[LINK] = 0);
    assert!(!exchange(&mut card, &[1], &[], 0).has_changed);
    assert!(exchange(&mut card, &[], &[], WHEN_COME).has_changed);
    let reads = with(|world| world.status_reads);
    exchange(&mut card, &[], &[(256, 60)], WHEN_COME);
    assert_eq!(
        with(|world| world.status_reads),
        reads,
        "who sends looks for nothing"
    );
}

/// On PCI nothing interrupts for it, and each look takes its time.
#[test]
fn a_link_that_goes_is_told_of_after_so_many_calls() {
    let mut card = card();
    exchange(&mut card, &[0], &[], 0);
    with(|world| world.configuration[LINK] = 0);
    let reads = with(|world| world.status_reads);
    let changed = (0..TURNS)
        .map(|_| exchange(&mut card, &[], &[(256, 60)], WHEN_COME))
        .inspect(|_| _ = with(|world| world.send()))
        .filter(|brought| brought.has_changed);
    assert_eq!(changed.count(), 1);
    assert_eq!(with(|world| world.status_reads), reads + 1);
}

/// A packet that found no room is all that the next call brings: it says that the card
/// interrupts only if the card has heard so.
#[test]
fn a_card_that_is_told_to_interrupt_has_heard_so_though_a_packet_had_waited() {
    let mut card = card();
    exchange(&mut card, &(0..FRAMES).collect::<Vec<_>>(), &[], 0);
    exchange(&mut card, &(64..80).collect::<Vec<_>>(), &[], 0);
    (0..62).for_each(|_| _ = with(|world| world.receive(60, 1)));
    (0..3).for_each(|_| _ = with(|world| world.receive(2048, 3)));
    assert!(exchange(&mut card, &[], &[], WHEN_COME).is_more);
    let brought = exchange(&mut card, &[], &[], WHEN_COME);
    assert_eq!((brought.came.len(), brought.is_armed), (3, true));
    assert!(with(|world| world.queues[0].interrupts), "it has heard");
}

#[test]
fn single_frames_that_find_no_room_are_more() {
    let mut card = card();
    exchange(&mut card, &(0..FRAMES).collect::<Vec<_>>(), &[], 0);
    exchange(&mut card, &(64..80).collect::<Vec<_>>(), &[], 0);
    (0..70).for_each(|_| _ = with(|world| world.receive(60, 1)));
    let brought = exchange(&mut card, &[], &[], WHEN_COME);
    assert_eq!(
        (brought.came.len(), brought.is_more, brought.is_armed),
        (64, true, false)
    );
}
