//! A driver that changes its rings while the core looks at them.
//!
//! Whatever the core makes of it, nothing unchecked reaches the device: a word
//! that was read a second time could be another one. Chance decides what this
//! finds: the first test tries much, and each thing seldom, the second one only
//! the words of a descriptor, until it has met the other's changes often.

use core::sync::atomic::AtomicBool;
use std::time::Instant;

use super::*;

const SIZE: u16 = 8;
const ROUNDS: usize = 400_000;
/// Values for a word: what is good, and what is not.
const ADDRESSES: [u64; 2] = [GOOD.address + 64, GOOD.physical];
const SIZES: [u32; 2] = [64, u32::MAX];
const FLAGS: [u16; 4] = [0, WRITE, NEXT, 1 << 2];
const LINKS: [u16; 4] = [0, 1, 7, 64];
const NEW: [u16; 4] = [1, 0, 2, 99];
/// A descriptor's address, size and flags, each of which is bad once.
const BAD: [(u64, u32, u16); 3] = [
    (ADDRESSES[1], SIZES[0], 0),
    (ADDRESSES[0], SIZES[1], 0),
    (ADDRESSES[0], SIZES[0], 1 << 2),
];
/// How often a call must have another end than the one before.
const CHANGES: usize = 400_000;
/// Where an index goes back before it wraps.
const INDEX_MAX: u16 = 1 << 15;

/// Writes words until it is told to stop, every one often good and often not.
fn change(bench: &Bench, stop: &AtomicBool) {
    let mut seed = 1_u64;
    while !stop.load(Relaxed) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let random = |bits: u32, count: usize| (seed >> bits) as usize % count;
        let number = random(20, 2) as u16;
        let flags = FLAGS[random(30, 4)];
        let link = LINKS[random(34, 4)];
        let size = SIZES[random(44, 8) / 7];
        bench.describe(number, ADDRESSES[random(40, 4) / 3], size, flags, link);
        if random(56, 4) == 0 {
            bench.set_slot(number, LINKS[random(48, 4)]);
            let taken = bench.index();
            bench.set_index(taken.wrapping_add(NEW[random(52, 4)]));
        }
    }
}

/// Whether the device may have this descriptor, or nobody wrote it.
fn is_good([address, rest]: [u64; 2]) -> bool {
    let (size, flags) = (rest & 0xffff_ffff, (rest >> 32) as u16);
    let is_inside = address == GOOD.physical + 64 && size == 64;
    (address, rest) == (0, 0) || is_inside && flags & !(NEXT | WRITE) == 0
}

/// What the device has after a call; the heads that are new to it.
fn look(bench: &Bench, before: u16) -> Vec<u16> {
    assert!((0..SIZE).all(|number| is_good(bench.entry(number))));
    assert!(bench.queue.taken.wrapping_sub(before) <= SIZE);
    let new = (before..bench.index()).map(|index| bench.slot(index));
    new.inspect(|head| {
        assert!(*head < SIZE && bench.queue.is_head(*head));
    })
    .collect()
}

/// Publishes once, and uses what there is; whether there was something.
fn go_round(bench: &mut Bench) -> bool {
    let before = bench.index();
    if bench.publish().is_err() {
        look(bench, before);
        assert_eq!(bench.index(), before);
        bench.restart();
        return false;
    }
    assert_eq!(bench.index(), bench.queue.taken);
    let heads = look(bench, before);
    for (index, head) in (before..).zip(&heads) {
        bench.set_used(index, *head);
    }
    !heads.is_empty()
}

#[test]
fn words_that_change_meanwhile_are_checked_as_they_are_copied() {
    let mut bench = Bench::new(SIZE);
    let (other, stop) = (bench, AtomicBool::new(false));
    let given = thread::scope(|scope| {
        let stopped = Stop(&stop);
        scope.spawn(|| change(&other, &stop));
        let given = (0..ROUNDS).filter(|_| go_round(&mut bench)).count();
        drop(stopped);
        given
    });
    assert!(given > 0, "nothing was ever accepted");
}

/// Puts what is bad into a good descriptor, and what was there, until it is told
/// to stop.
fn flip(bench: &Bench, stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        for (address, size, flags) in BAD {
            bench.describe(0, address, size, flags, 0);
            bench.describe(0, ADDRESSES[0], SIZES[0], 0, 0);
        }
    }
}

/// Gives the descriptor until the end of that has changed often; how often it has.
fn give_often(bench: &mut Bench) -> usize {
    let (start, mut changes, mut was_given) = (Instant::now(), 0, true);
    while changes < CHANGES && start.elapsed() < PATIENCE {
        bench.offer(&[0]);
        let is_given = go_round(bench);
        changes += usize::from(is_given != was_given);
        was_given = is_given;
        if bench.index() == INDEX_MAX {
            bench.restart();
        }
    }
    changes
}

#[test]
fn a_descriptor_is_copied_as_it_was_checked() {
    let mut bench = Bench::new(SIZE);
    bench.describe(0, ADDRESSES[0], SIZES[0], 0, 0);
    let (other, stop) = (bench, AtomicBool::new(false));
    let changes = thread::scope(|scope| {
        let stopped = Stop(&stop);
        scope.spawn(|| flip(&other, &stop));
        let changes = give_often(&mut bench);
        drop(stopped);
        changes
    });
    assert!(changes > 0, "they never met");
}

/// Uses the only entry as soon as it is there, and gives it once more. It writes
/// to the driver's ring all the time, so that a look at it takes long.
fn use_again(bench: &Bench, stop: &AtomicBool) {
    let mut index = 1;
    while !stop.load(Relaxed) {
        bench.set_flags(index);
        if bench.index() == index {
            bench.set_used(index.wrapping_sub(1), 0);
            index = index.wrapping_add(1);
            bench.set_index(index);
        }
    }
}

/// It was used before it was given again: a look at what was used that is older
/// than the driver's index misses that.
#[test]
fn what_is_used_and_given_again_meanwhile_is_not_refused() {
    let mut bench = Bench::new(1);
    bench.describe(0, ADDRESSES[0], SIZES[0], 0, 0);
    assert_eq!(bench.give(&[0]), Ok(()));
    let (other, stop) = (bench, AtomicBool::new(false));
    thread::scope(|scope| {
        let _stopped = Stop(&stop);
        scope.spawn(|| use_again(&other, &stop));
        for _ in 0..ROUNDS {
            assert_eq!(bench.publish(), Ok(()));
        }
    });
}

/// Stops the driver, also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
