//! What a device is told, and what becomes of one that does not do its part.

mod bench;
mod queues;

use super::*;
use domains::Domain;

use crate::device::virtio::bus::fake::{CONFIGURATION, CONFIGURATION_SIZE, Write};
use bench::{
    BAD_ADDRESS, Bench, DRIVER, DRIVER_OK, FEATURES_OK, GIVEN_UP, INVALID, OWN, OWNER,
};

const NO_DEVICE: Refused = Refused::Error(error::NO_DEVICE);
const BOTH: u64 = feature::VERSION_1 | feature::MULTIPORT;

#[test]
fn a_status_is_added_to() {
    let mut bench = Bench::begun();
    let all = DRIVER | FEATURES_OK | DRIVER_OK;
    assert_eq!(bench.set_status(DRIVER_OK), Ok(all));
    assert_eq!(bench.fake.written(), [Write::Status(all as u8)]);
    assert_eq!(report::told().len(), 0);
}

#[test]
fn a_status_that_there_is_not_is_refused() {
    let mut bench = Bench::begun();
    for status in [16, 32, 64, 1 | 64, 1 << 8, DRIVER << 32, u64::MAX] {
        assert_eq!(bench.set_status(status), Err(INVALID), "{status:#x}");
    }
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn without_features_no_device_is_ready() {
    let mut bench = Bench::new();
    for status in [FEATURES_OK, DRIVER_OK, DRIVER | FEATURES_OK | DRIVER_OK] {
        assert_eq!(bench.set_status(status), Err(INVALID), "{status:#x}");
    }
    assert_eq!(bench.fake.written(), []);
    bench.begin();
    assert_eq!(bench.set_status(0), Ok(0));
    assert_eq!(bench.set_status(FEATURES_OK), Err(INVALID), "after a reset");
}

#[test]
fn a_driver_may_have_what_is_offered_and_allowed() {
    let mut bench = Bench::new();
    bench.fake.registers().offered = u64::MAX;
    assert_eq!(bench.accept(0), Ok(BOTH));
    assert_eq!(bench.fake.written(), []);
    assert_eq!(bench.accept(BOTH), Ok(BOTH));
    assert_eq!(bench.fake.written(), [Write::Features(BOTH)]);
}

#[test]
fn no_device_is_ready_before_the_features_are_agreed_on() {
    let mut bench = Bench::new();
    assert_eq!(bench.accept(feature::VERSION_1), Ok(feature::VERSION_1));
    bench.fake.written();
    assert_eq!(bench.set_status(DRIVER_OK), Err(INVALID));
    assert_eq!(bench.set_status(DRIVER | DRIVER_OK), Err(INVALID));
    assert_eq!(bench.fake.written(), []);
    let both = FEATURES_OK | DRIVER_OK;
    assert_eq!(bench.set_status(both), Ok(both));
}

#[test]
fn other_features_are_refused() {
    for features in [
        feature::MULTIPORT,
        BOTH,
        feature::VERSION_1 | 1 << 28,
        feature::VERSION_1 | 1 << 34,
        u64::MAX,
    ] {
        let mut bench = Bench::new();
        bench.fake.registers().offered = !feature::MULTIPORT;
        assert_eq!(bench.accept(features), Err(INVALID), "{features:#x}");
        assert_eq!(bench.fake.written(), []);
        assert_eq!(bench.set_status(FEATURES_OK), Err(INVALID));
    }
    let mut bench = Bench::new();
    bench.fake.registers().offered = BOTH;
    assert_eq!(bench.accept(feature::MULTIPORT), Err(INVALID), "legacy");
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn a_device_from_before_the_standard_is_of_no_use() {
    let mut bench = Bench::new();
    bench.fake.registers().offered = feature::MULTIPORT;
    assert_eq!(bench.accept(0), Ok(feature::MULTIPORT));
    assert_eq!(bench.accept(feature::MULTIPORT), Err(INVALID));
    assert_eq!(bench.accept(BOTH), Err(INVALID));
    assert_eq!(bench.fake.written(), []);
}

#[test]
fn features_are_accepted_once() {
    let mut bench = Bench::new();
    bench.fake.registers().offered = BOTH;
    assert_eq!(bench.accept(feature::VERSION_1), Ok(feature::VERSION_1));
    bench.fake.written();
    assert_eq!(bench.accept(BOTH), Err(INVALID));
    assert_eq!(bench.accept(0), Ok(BOTH), "to ask is no harm");
    assert_eq!(bench.fake.written(), []);
    assert_eq!(bench.set_status(0), Ok(0));
    assert_eq!(bench.accept(BOTH), Ok(BOTH), "a reset begins anew");
}

#[test]
fn a_device_that_refuses_the_features_is_given_up() {
    let mut bench = Bench::new();
    bench.fake.registers().takes_features = false;
    assert_eq!(bench.set_status(DRIVER), Ok(DRIVER));
    assert_eq!(bench.accept(feature::VERSION_1), Ok(feature::VERSION_1));
    assert_eq!(bench.set_status(FEATURES_OK), Err(GIVEN_UP));
    bench.check_given_up("it refuses the features");
}

#[test]
fn a_reset_may_take_a_while_and_not_forever() {
    let mut bench = Bench::begun();
    bench.fake.registers().reset_looks = RESET_LOOKS - 1;
    assert_eq!(bench.set_status(0), Ok(0));
    bench.begin();
    assert_eq!(report::told().len(), 0);
    bench.fake.registers().reset_looks = u32::MAX;
    assert_eq!(bench.set_status(0), Err(GIVEN_UP));
    bench.check_given_up("it does not finish a reset");
}

#[test]
fn a_configuration_is_read_by_its_pieces() {
    let mut bench = Bench::begun();
    let byte = u64::from(CONFIGURATION);
    assert_eq!(bench.configuration(0, 1), Ok(byte));
    assert_eq!(bench.configuration(11, 1), Ok(byte + 11));
    let half = (byte + 3) << 8 | (byte + 2);
    assert_eq!(bench.configuration(2, 2), Ok(half));
    let word = 0x4b4a_4948;
    assert_eq!(bench.configuration(8, 4), Ok(word));
}

#[test]
fn no_other_piece_of_a_configuration_is_read() {
    let mut bench = Bench::begun();
    let size = u64::from(CONFIGURATION_SIZE);
    for piece in [
        (0, 0),
        (0, 3),
        (0, 8),
        (1, 2),
        (2, 4),
        (size, 1),
        (size, 4),
        (size - 1, 2),
        (u64::MAX, 1),
        (u64::MAX - 3, 4),
        (u64::from(u32::MAX) - 3, 4),
        (1 << 32, 4),
        (0, 1 << 32 | 1),
        (0, u64::MAX),
    ] {
        let read = bench.configuration(piece.0, piece.1);
        assert_eq!(read, Err(INVALID), "{piece:x?}");
    }
    assert_eq!(report::told().len(), 0);
}

#[test]
fn a_configuration_may_change_a_few_times_and_not_forever() {
    let mut bench = Bench::begun();
    bench.fake.registers().changes = 5;
    assert_eq!(bench.configuration(0, 1), Ok(u64::from(CONFIGURATION)));
    bench.fake.registers().changes = u32::MAX;
    assert_eq!(bench.configuration(0, 1), Err(GIVEN_UP));
    bench.check_given_up("its configuration never settles");
}

#[test]
fn a_number_without_a_device_and_anothers_device_are_refused() {
    let mut bench = Bench::new();
    let devices = &mut bench.devices;
    let numbers = [0, OWN + 1, 15, 16, OWN + (1 << 32), u64::MAX];
    let others = Domain::ALL.into_iter().filter(|it| Some(*it) != OWNER);
    let none = numbers.map(|number| (OWNER, number)).into_iter();
    let foreign = others.map(Some).chain([None]).map(|caller| (caller, OWN));
    for (caller, number) in none.chain(foreign) {
        assert_eq!(devices.set_status(caller, number, 0), Err(NO_DEVICE));
        assert_eq!(devices.accept(caller, number, 0), Err(NO_DEVICE));
        let set = devices.set_queue(caller, &mut bench.space, [number, 0, 0, 0]);
        assert_eq!(set, Err(NO_DEVICE));
        let published = devices.publish(caller, number, 0, &Cell::default());
        assert_eq!(published, Err(NO_DEVICE));
        assert_eq!(devices.configuration(caller, number, 0, 1), Err(NO_DEVICE));
    }
    for number in numbers {
        assert!(!devices.acknowledge(number as usize));
    }
    assert!(devices.acknowledge(OWN as usize));
    assert_eq!(bench.fake.written(), []);
}
