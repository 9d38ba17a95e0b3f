//! How the queues of a device are set up, used, and lost by a reset.

use core::sync::atomic::Ordering::Relaxed;

use domains::Isolation;
use domains::device::QUEUES_MAX;

use super::bench::{CELL, DMA, DMA_PAGES, OWNER};
use super::*;
use crate::device::virtio::Devices;
use crate::memory::entry::Entry;

const END: u64 = DMA + DMA_PAGES * PAGE_SIZE;

/// A console that runs, with queue 2 of eight entries.
fn running() -> Bench {
    let mut bench = Bench::begun();
    assert_eq!(bench.set_queue(2, 8, DMA), Ok(0));
    bench.start().expect("the features are agreed on");
    bench.fake.written();
    bench
}

#[test]
fn a_queue_gets_rings_of_the_cores_and_the_driver_reads_the_used_one() {
    let mut bench = Bench::begun();
    assert_eq!(bench.set_queue(2, 256, DMA + PAGE_SIZE), Ok(0));
    let rings = bench.publish(2).expect("it is set up");
    let shown = Rings { driver: 0, ..rings };
    assert_eq!(bench.fake.written(), [Write::Queue(2, 256, shown)]);
    assert_eq!(rings.driver, bench.physical(DMA + PAGE_SIZE));
    let shared = Frame::containing(rings.shared);
    for ring in [Frame::containing(rings.table), shared] {
        assert_eq!(bench.space.frames.owner(ring), Owner::CORE);
    }
    let entry = bench.space.tables.find(CELL.used_ring(OWN as usize, 2));
    let wanted = Entry::user(shared, Area::Cell(CELL), Rights::Read, Isolation::Mpk);
    assert_eq!(entry, wanted);
}

#[test]
fn a_queue_can_have_as_many_entries_as_the_device_says() {
    let mut bench = Bench::begun();
    assert_eq!(bench.set_queue(7, 0, u64::MAX), Ok(256));
    bench.fake.registers().queue_max = 0;
    assert_eq!(bench.set_queue(7, 0, 0), Ok(0));
    assert_eq!(
        bench.set_queue(7, 1, DMA),
        Err(error::INVALID),
        "there is none"
    );
    bench.fake.registers().queue_max = 16;
    assert_eq!(bench.set_queue(7, 32, DMA), Err(error::INVALID));
    assert_eq!(bench.fake.written(), []);
    assert_eq!(bench.set_queue(7, 16, DMA), Ok(0));
}

/// The core's table and ring have a page each.
#[test]
fn no_queue_has_more_entries_than_the_cores_pages() {
    let mut bench = Bench::begun();
    for most in [257, 512, 1 << 15] {
        bench.fake.registers().queue_max = most;
        assert_eq!(bench.set_queue(7, 0, 0), Ok(256), "{most}");
        assert_eq!(bench.set_queue(7, 512, DMA), Err(error::INVALID), "{most}");
    }
    assert_eq!(bench.fake.written(), []);
}

/// What the last start of a cell has left there would be taken for new.
#[test]
fn a_cell_that_starts_anew_finds_its_rings_clear() {
    let mut bench = running();
    let rings = bench.publish(2).expect("it is set up");
    let words = [rings.driver, rings.shared].map(|place| bench.map.half(place));
    for word in words {
        word.store(57, Relaxed);
    }
    bench.devices.stop(CELL);
    assert_eq!(
        words.map(|word| word.load(Relaxed)),
        [57, 57],
        "to be salvaged"
    );
    bench.devices.clear(CELL, bench.map);
    assert_eq!(words.map(|word| word.load(Relaxed)), [0, 0]);
}

/// What it had was its device's to write until then, so it is nobody else's before.
#[test]
fn a_network_card_that_is_stopped_has_nothing() {
    let (mut bench, nic) = (running(), domains::Cell::Nic);
    let device = bench.devices.devices[OWN as usize].as_mut();
    let device = device.expect("it is there");
    (device.kind, device.cell) = (Kind::Network, nic);
    bench.devices.areas[nic.number()] = bench.devices.areas[CELL.number()];
    bench.devices.areas[CELL.number()] = Areas::default();
    let caller = Some(Domain::Cell(nic));
    let publish = |devices: &mut Devices| devices.publish(caller, OWN, 2, &Cell::default());
    assert_eq!(publish(&mut bench.devices), Ok(()));
    for other in domains::Cell::ALL.into_iter().filter(|it| *it != nic) {
        bench.devices.stop(other);
    }
    assert_eq!(bench.fake.written(), [], "it is not theirs");
    assert_eq!(publish(&mut bench.devices), Ok(()));
    bench.devices.stop(nic);
    assert_eq!(bench.fake.written(), [Write::Status(0)]);
    assert_eq!(publish(&mut bench.devices), Err(INVALID));
}

#[test]
fn who_publishes_in_a_queue_gets_its_bell() {
    let mut bench = running();
    for _ in 0..2 {
        let bell = Cell::default();
        assert_eq!(bench.devices.publish(OWNER, OWN, 2, &bell), Ok(()));
        let device = bench.devices.devices[OWN as usize].as_ref();
        let own = device.expect("it is there").queues[2].bell;
        assert_eq!(bell.get(), own);
        assert_ne!(own, Bell::default());
    }
}

#[test]
fn sizes_that_are_no_power_of_two_or_too_large_are_refused() {
    let mut bench = Bench::begun();
    for size in [
        3,
        6,
        255,
        257,
        512,
        1 << 15,
        1 << 16,
        1 << 16 | 8,
        1 << 63,
        u64::MAX,
    ] {
        assert_eq!(
            bench.set_queue(0, size, DMA),
            Err(error::INVALID),
            "{size:#x}"
        );
    }
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn rings_outside_the_area_or_within_a_page_are_refused() {
    let mut bench = Bench::begun();
    for (size, address) in [
        (8, 0),
        (8, DMA - PAGE_SIZE),
        (8, DMA + 8),
        (8, DMA + PAGE_SIZE - 16),
        (8, END),
        (256, END - PAGE_SIZE),
        (256, DMA - PAGE_SIZE),
        (8, u64::MAX),
        (8, u64::MAX - PAGE_SIZE + 1),
        (8, bench.dma().physical),
    ] {
        let set = bench.set_queue(0, size, address);
        assert_eq!(set, Err(error::BAD_ADDRESS), "{size} at {address:#x}");
        assert_eq!(bench.publish(0), Err(INVALID), "it is not set up");
    }
    assert_eq!(bench.fake.written(), []);
    assert_eq!(bench.set_queue(0, 256, END - 2 * PAGE_SIZE), Ok(0));
    assert_eq!(bench.set_queue(1, 128, END - PAGE_SIZE), Ok(0));
}

#[test]
fn queues_are_set_up_once_and_only_at_their_time() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.set_queue(2, 8, DMA),
        Err(error::INVALID),
        "without features"
    );
    bench.begin();
    assert_eq!(bench.set_queue(2, 8, DMA), Ok(0));
    bench.fake.written();
    assert_eq!(bench.set_queue(2, 8, DMA), Err(error::INVALID), "twice");
    assert_eq!(bench.fake.written(), []);
    bench.start().expect("the features are agreed on");
    bench.fake.written();
    assert_eq!(
        bench.set_queue(3, 8, DMA + PAGE_SIZE),
        Err(error::INVALID),
        "late"
    );
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn numbers_that_no_queue_has_are_refused() {
    let mut bench = running();
    for queue in [QUEUES_MAX as u64, 1 << 16 | 2, 1 << 32 | 2, u64::MAX] {
        assert_eq!(
            bench.set_queue(queue, 0, 0),
            Err(error::INVALID),
            "{queue:#x}"
        );
        assert_eq!(bench.set_queue(queue, 8, DMA), Err(error::INVALID));
        assert_eq!(bench.publish(queue), Err(INVALID));
    }
    assert_eq!(bench.publish(0), Err(INVALID), "one that was not set up");
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn a_device_that_sends_no_message_for_a_queue_is_given_up() {
    let mut bench = Bench::begun();
    bench.fake.registers().takes_messages = false;
    assert_eq!(bench.set_queue(0, 8, DMA), Err(error::DEVICE));
    bench.check_given_up("it does not take a queue");
}

#[test]
fn a_device_that_does_not_take_a_queue_is_given_up() {
    let mut bench = Bench::begun();
    bench.fake.registers().takes_queues = false;
    assert_eq!(bench.set_queue(0, 8, DMA), Err(error::DEVICE));
    bench.check_given_up("it does not take a queue");
}

#[test]
fn a_device_that_uses_what_it_was_not_given_is_given_up() {
    let mut bench = running();
    let rings = bench.publish(2).expect("nothing is new");
    bench.map.half(rings.shared + 2).store(1, Relaxed);
    assert_eq!(bench.publish(2), Err(GIVEN_UP));
    bench.check_given_up("it has used what it was not given");
}

#[test]
fn the_device_of_a_driver_that_breaks_a_rule_is_given_up() {
    let mut bench = running();
    bench.request(DMA, 8, 0, 9);
    assert_eq!(bench.publish(2), Err(Refused::Rings));
    assert_eq!(bench.publish(2), Err(GIVEN_UP));
    assert_eq!(bench.reset(), Err(error::DEVICE));
}

#[test]
fn a_reset_takes_the_queues_and_they_begin_anew() {
    let mut bench = running();
    bench.request(DMA, 8, 0, 5);
    let rings = bench.publish(2).expect("the request is good");
    let index = bench.map.half(rings.available() + 2);
    assert_eq!(index.load(Relaxed), 1);
    bench.map.half(rings.shared + 2).store(1, Relaxed);
    assert!(bench.reset().is_ok());
    assert_eq!(bench.publish(2), Err(INVALID), "the queue is closed");
    bench.begin();
    assert_eq!(bench.publish(2), Err(INVALID), "until it is set up");
    assert_eq!(bench.set_queue(2, 4, DMA + PAGE_SIZE), Ok(0));
    assert_eq!(index.load(Relaxed), 0);
    bench.request(DMA + PAGE_SIZE, 4, 0, 3);
    let again = bench.publish(2).expect("nothing of before is in the way");
    let driver = bench.physical(DMA + PAGE_SIZE);
    assert_eq!(again, Rings { driver, ..rings }, "the same frames");
    assert_eq!(index.load(Relaxed), 1);
}

/// The old entries may still be read: the device has not said that it stopped.
#[test]
fn a_reset_that_does_not_end_leaves_the_rings_alone() {
    let mut bench = running();
    bench.request(DMA, 8, 0, 5);
    let rings = bench.publish(2).expect("the request is good");
    bench.fake.registers().reset_looks = u32::MAX;
    assert_eq!(bench.reset(), Err(error::DEVICE));
    assert_eq!(bench.set_queue(2, 8, DMA), Err(error::DEVICE));
    assert_eq!(bench.map.half(rings.available() + 2).load(Relaxed), 1);
    assert_ne!(bench.map.word(rings.table + 16 * 5).load(Relaxed), 0);
}

#[test]
fn a_queue_for_which_no_memory_is_left_leaves_nothing_behind() {
    for left in 0..4 {
        let mut bench = Bench::begun();
        let frames = &mut bench.space.frames;
        while frames.free() > left {
            frames.allocate(Owner::CORE).expect("one is free");
        }
        let set = bench.set_queue(2, 8, DMA);
        assert_eq!(set, Err(error::NO_MEMORY), "{left}");
        assert_eq!(bench.fake.written(), []);
        assert!(bench.space.frames.free() >= left.min(2), "{left}");
    }
}

/// What the frame held before may have been anyone's.
#[test]
fn a_used_ring_is_clear_before_the_driver_sees_it() {
    let mut space = Bench::new().space;
    let map = space.tables.physical();
    soil(&space);
    let rings = make_rings(CELL, OWN as usize, 2, &mut space);
    let shared = Frame::containing(rings.expect("there is room").shared);
    assert!(map.words(shared).iter().all(|word| word.load(Relaxed) == 0));
}

/// The device's table too, which it reads.
#[test]
fn a_queue_begins_with_clear_rings() {
    let mut bench = Bench::begun();
    soil(&bench.space);
    assert_eq!(bench.set_queue(2, 8, DMA), Ok(0));
    let device = bench.devices.devices[OWN as usize].as_ref();
    let rings = device.expect("it is there").queues[2].rings;
    for ring in [rings.table, rings.shared].map(Frame::containing) {
        let mut words = bench.map.words(ring).iter();
        assert!(words.all(|word| word.load(Relaxed) == 0));
    }
}

/// Leaves something in every free frame.
fn soil(space: &Space) {
    let map = space.tables.physical();
    let frames = (0..64).map(Frame::from_number);
    for frame in frames.filter(|frame| space.frames.owner(*frame) == Owner::FREE) {
        map.words(frame)
            .iter()
            .for_each(|word| word.store(99, Relaxed));
    }
}
