//! By what a device hears of what is new, and that it always does.

extern crate std;

use core::hint::spin_loop;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::thread;

use super::fake::{BELLS_SIZE, Fake, STRIDE, Write};
use super::*;
use crate::memory::physical;

const RINGS: Rings = Rings {
    driver: 0,
    table: 0x1000,
    shared: 0x2000,
};
/// Flag of a used ring: no bell is wanted.
const NO_NOTIFY: u16 = 1;
/// How often a driver and a device meet.
const ROUNDS: u32 = 200_000;

#[test]
fn a_queue_has_the_bell_that_the_device_says() {
    let (fake, bus) = Fake::new();
    let map = physical::fake(3);
    for (said, place) in [(None, 3), (Some(0), 0), (Some(9), 9)] {
        fake.registers().bell = said;
        let bell = bus.set_queue(3, 8, &RINGS).expect("it takes queues");
        fake.written();
        bell.ring_in(map);
        assert_eq!(fake.written(), [Write::Bell(STRIDE * place, 3)]);
    }
}

#[test]
fn a_device_that_wants_no_bell_hears_none() {
    let (fake, bus) = Fake::new();
    let map = physical::fake(3);
    let bell = bus.set_queue(0, 8, &RINGS).expect("it takes queues");
    fake.written();
    map.half(RINGS.shared).store(NO_NOTIFY, Relaxed);
    bell.ring_in(map);
    assert_eq!(fake.written(), []);
}

/// The last product wraps to the place of the first bell.
#[test]
fn a_bell_that_is_elsewhere_is_not_rung() {
    let (fake, bus) = Fake::new();
    for place in [
        BELLS_SIZE / STRIDE,
        u32::MAX / STRIDE,
        u32::MAX / STRIDE + 1,
    ] {
        fake.registers().bell = Some(place);
        assert_eq!(bus.set_queue(3, 8, &RINGS), None, "{place:#x}");
    }
}

#[test]
fn a_device_that_sends_no_message_for_a_queue_does_not_get_it() {
    let (fake, bus) = Fake::new();
    fake.registers().takes_messages = false;
    assert_eq!(bus.set_queue(3, 8, &RINGS), None);
    assert_eq!(fake.written(), [], "it hears of no queue");
}

/// One that looks just before something is published, and asks for the bell just
/// then. Chance decides how often the two meet.
#[test]
fn a_device_that_finds_nothing_is_rung_for() {
    let (fake, bus) = Fake::new();
    let map = physical::fake(3);
    let bell = bus.set_queue(0, 8, &RINGS).expect("it takes queues");
    let (flags, index) = (map.half(RINGS.shared), map.half(RINGS.available() + 2));
    let (begun, looked) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=ROUNDS {
                until(|| begun.load(Acquire) == round);
                flags.store(0, Relaxed);
                fence(SeqCst);
                let sleeps = index.load(Relaxed) != round as u16;
                looked.store(2 * round + u32::from(sleeps), Release);
            }
        });
        let mut lost = 0;
        for round in 1..=ROUNDS {
            flags.store(NO_NOTIFY, Relaxed);
            fake.written();
            begun.store(round, Release);
            (0..round % 64).for_each(|_| spin_loop());
            index.store(round as u16, Release);
            bell.ring_in(map);
            until(|| looked.load(Acquire) / 2 == round);
            let sleeps = looked.load(Relaxed) % 2 == 1;
            lost += u32::from(sleeps && fake.written().is_empty());
        }
        assert_eq!(lost, 0, "devices that sleep for ever");
    });
}

fn until(is_so: impl Fn() -> bool) {
    while !(0..1000).any(|_| is_so()) {
        thread::yield_now();
    }
}
