//! What a queue refuses, and what it leaves alone when it does.

extern crate std;

mod bench;
mod device;
mod driver;
mod race;
mod random;
mod transport;
mod used;

use core::time::Duration;
use std::sync::mpsc;
use std::thread;
use std::vec::Vec;

use super::entries::{NEXT, WRITE};
use super::*;
use bench::{Bench, GOOD, rest};

const RINGS: Result<(), Refused> = Err(Refused::Rings);

/// How long a loop may last that nobody refuses.
const PATIENCE: Duration = Duration::from_secs(10);

fn memory(address: u64) -> Result<(), Refused> {
    Err(Refused::Memory(address))
}

/// A queue whose first four descriptors are good and stand alone.
fn bench() -> Bench {
    let bench = Bench::new(8);
    (0..4).for_each(|number| bench.describe_good(number, WRITE, 0));
    bench
}

#[test]
fn what_is_published_is_copied_and_translated() {
    let mut bench = bench();
    bench.describe_good(3, NEXT, 1);
    bench.describe(1, GOOD.address, GOOD.size as u32, WRITE, 7);
    assert_eq!(bench.give(&[3, 0]), Ok(()));
    assert_eq!(bench.index(), 2);
    assert_eq!([bench.slot(0), bench.slot(1)], [3, 0]);
    assert_eq!(bench.entry(3), [GOOD.physical + 16, rest(32, NEXT, 1)]);
    let whole = rest(GOOD.size as u32, WRITE, 7);
    assert_eq!(bench.entry(1), [GOOD.physical, whole]);
    assert_eq!(bench.entry(2), [0, 0], "nobody gave it");
}

#[test]
fn the_flag_is_copied_without_a_new_entry_and_no_other() {
    let mut bench = bench();
    bench.set_flags(0xffff);
    assert_eq!(bench.publish(), Ok(()));
    assert_eq!(bench.flags(), NO_INTERRUPT);
    bench.set_flags(!NO_INTERRUPT);
    assert_eq!(bench.publish(), Ok(()));
    assert_eq!(bench.flags(), 0);
}

#[test]
fn a_descriptor_of_memory_that_is_not_the_drivers_is_refused() {
    let end = GOOD.address + GOOD.size;
    for (address, size) in [
        (0, 1),
        (GOOD.physical, 1),
        (GOOD.address - 1, 1),
        (GOOD.address - 1, 2),
        (GOOD.address, GOOD.size as u32 + 1),
        (end - 1, 2),
        (end - 1, u32::MAX),
        (end, 0),
        (end, 1),
        (u64::MAX, 1),
        (u64::MAX, 2),
        (u64::MAX - 7, u32::MAX),
        (u64::MAX - u64::from(u32::MAX) + 1, u32::MAX),
    ] {
        let mut bench = bench();
        bench.describe(2, address, size, 0, 0);
        assert_eq!(
            bench.give(&[0, 2]),
            memory(address),
            "{address:#x} {size:#x}"
        );
        assert_eq!(bench.entry(2), [0, 0], "nothing of it is copied");
        assert_eq!(bench.index(), 0, "the device hears of neither");
    }
}

#[test]
fn a_descriptor_of_memory_is_refused_in_the_midst_of_a_chain_too() {
    let mut bench = bench();
    bench.describe_good(0, NEXT, 1);
    bench.describe(1, GOOD.address - 16, 16, 0, 0);
    assert_eq!(bench.give(&[0]), memory(GOOD.address - 16));
    assert_eq!(bench.index(), 0);
}

#[test]
fn flags_that_make_a_device_read_something_else_are_refused() {
    for bit in 2..16 {
        let mut bench = bench();
        bench.describe_good(2, WRITE | 1 << bit, 0);
        assert_eq!(bench.give(&[0, 2]), RINGS, "flag {bit}");
        assert_eq!(bench.entry(2), [0, 0]);
        assert_eq!(bench.index(), 0);
    }
}

/// There is a good descriptor behind the end, so that only the end refuses it.
#[test]
fn heads_and_links_beyond_the_table_are_refused() {
    for beyond in [8, 64, 255, 256] {
        let mut bench = bench();
        bench.describe_good(beyond, 0, 0);
        assert_eq!(bench.give(&[beyond]), RINGS, "head {beyond}");
        assert_eq!(bench.entry(beyond), [0, 0]);
        let mut bench = self::bench();
        bench.describe_good(beyond, 0, 0);
        bench.describe_good(0, NEXT, beyond);
        assert_eq!(bench.give(&[0]), RINGS, "link {beyond}");
        assert_eq!(bench.entry(beyond), [0, 0]);
        assert_eq!(bench.index(), 0);
    }
    assert_eq!(bench().give(&[u16::MAX]), RINGS);
}

#[test]
fn heads_and_links_in_flight_are_refused() {
    for heads in [[3, 0], [3, 1], [3, 2], [3, 3]] {
        let mut bench = bench();
        bench.describe_good(0, NEXT, 1);
        assert_eq!(bench.give(&[0, 2]), Ok(()));
        let before = [0, 1, 2].map(|number| bench.entry(number));
        (0..4).for_each(|number| bench.describe(number, GOOD.address, 1, 0, 0));
        assert_eq!(bench.give(&heads), RINGS, "a head");
        bench.describe(3, GOOD.address, 1, NEXT, heads[1]);
        assert_eq!(bench.give(&[3]), RINGS, "a link");
        assert_eq!([0, 1, 2].map(|number| bench.entry(number)), before);
        assert_eq!(bench.index(), 2);
    }
}

/// Where nobody refuses the loop, it is cut after a while: no test hangs.
#[test]
fn a_chain_that_loops_is_refused() {
    for last in [2, 3] {
        let mut bench = bench();
        bench.describe_good(3, NEXT, 2);
        bench.describe_good(2, NEXT, last);
        let place = bench
            .map
            .word(bench.queue.rings.driver + 2 * DESCRIPTOR + 8);
        let (done, is_done) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || match is_done.recv_timeout(PATIENCE) {
                Ok(()) => (),
                Err(_) => place.store(0, Relaxed),
            });
            assert_eq!(bench.give(&[3]), RINGS);
            _ = done.send(());
        });
        assert_eq!(bench.index(), 0);
    }
}

/// The entries themselves are all good.
#[test]
fn more_entries_than_the_queue_has_are_refused_before_any_is_copied() {
    for count in [9, 10, 0x8000, u16::MAX] {
        let mut bench = bench();
        bench.offer(&[0, 1, 2, 3]);
        bench.set_index(count);
        assert_eq!(bench.publish(), RINGS, "{count}");
        assert_eq!(bench.entry(0), [0, 0], "nothing is copied");
        assert_eq!(bench.index(), 0);
    }
}

#[test]
fn an_index_that_goes_back_is_refused() {
    let mut bench = bench();
    assert_eq!(bench.give(&[0, 1]), Ok(()));
    bench.set_index(1);
    assert_eq!(bench.publish(), RINGS);
    assert_eq!(bench.index(), 2);
}

/// The device may not have looked at any of them.
#[test]
fn a_full_ring_stays_as_it_is_when_one_more_is_refused() {
    let mut bench = bench();
    (4..8).for_each(|number| bench.describe_good(number, WRITE, 0));
    let heads = [0, 1, 2, 3, 4, 5, 6, 7];
    assert_eq!(bench.give(&heads), Ok(()));
    for head in [5, 8, 99] {
        assert_eq!(bench.give(&[head]), RINGS, "{head}");
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 7].map(|index| bench.slot(index)),
            heads
        );
    }
}

#[test]
fn entries_before_one_that_is_refused_are_not_given_either() {
    let mut bench = bench();
    assert_eq!(bench.give(&[0]), Ok(()));
    assert_eq!(bench.give(&[1, 2, 99]), RINGS);
    assert_eq!(bench.index(), 1);
}
