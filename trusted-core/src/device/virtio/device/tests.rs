//! What a device is told, and what becomes of one that does not do its part.

mod bench;
mod queues;

use domains::Domain;

use super::*;
use crate::device::virtio::bus::fake::{CONFIGURATION, CONFIGURATION_SIZE, Write};
use bench::{Bench, GIVEN_UP, INVALID, OWN, OWNER};

const BOTH: u64 = feature::VERSION_1 | feature::MULTIPORT;

#[test]
fn a_device_starts_once_features_are_agreed_on() {
    let mut bench = Bench::new();
    assert_eq!(bench.start(), Err(error::INVALID), "without features");
    assert_eq!(bench.fake.written(), []);
    bench.begin();
    assert_eq!(bench.start(), Ok(0));
    assert_eq!(bench.fake.written(), [Write::Status(STARTED)]);
    assert_eq!(bench.start(), Err(error::INVALID), "twice");
    assert!(bench.reset().is_ok());
    assert_eq!(bench.start(), Err(error::INVALID), "after a reset");
    assert_eq!(bench.fake.written(), [Write::Status(0)]);
    assert_eq!(report::told().len(), 0);
}

#[test]
fn a_driver_may_have_what_is_offered_and_allowed() {
    let mut bench = Bench::new();
    bench.fake.registers().offered = u64::MAX;
    assert_eq!(bench.accept(0), Ok(BOTH));
    assert_eq!(bench.fake.written(), [Write::Status(0)]);
    assert_eq!(bench.accept(BOTH), Ok(BOTH));
    let written = [
        Write::Status(0),
        Write::Status(HAS_DRIVER),
        Write::Features(BOTH),
        Write::Status(AGREED),
    ];
    assert_eq!(bench.fake.written(), written);
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
        assert_eq!(bench.accept(features), Err(error::INVALID), "{features:#x}");
        assert_eq!(bench.fake.written(), [Write::Status(0)]);
        assert_eq!(bench.start(), Err(error::INVALID));
    }
    let mut bench = Bench::new();
    bench.fake.registers().offered = BOTH;
    assert_eq!(bench.accept(feature::MULTIPORT), Err(error::INVALID), "old");
    assert_eq!(bench.fake.written(), [Write::Status(0)]);
}

#[test]
fn a_device_from_before_the_standard_is_of_no_use() {
    let mut bench = Bench::new();
    bench.fake.registers().offered = feature::MULTIPORT;
    assert_eq!(bench.accept(0), Ok(feature::MULTIPORT));
    assert_eq!(bench.accept(feature::MULTIPORT), Err(error::INVALID));
    assert_eq!(bench.accept(BOTH), Err(error::INVALID));
    assert_eq!(bench.fake.written(), [Write::Status(0); 3]);
}

#[test]
fn other_features_come_with_another_reset() {
    let mut bench = Bench::begun();
    bench.fake.registers().offered = BOTH;
    assert_eq!(bench.start(), Ok(0));
    bench.fake.written();
    assert_eq!(bench.accept(BOTH), Ok(BOTH));
    assert_eq!(bench.fake.written()[0], Write::Status(0));
}

#[test]
fn a_device_that_refuses_the_features_is_given_up() {
    let mut bench = Bench::new();
    bench.fake.registers().takes_features = false;
    assert_eq!(bench.accept(feature::VERSION_1), Err(error::DEVICE));
    bench.check_given_up("it refuses the features");
}

#[test]
fn a_reset_may_take_a_while_and_not_forever() {
    let mut bench = Bench::begun();
    bench.fake.registers().reset_looks = RESET_LOOKS - 1;
    assert!(bench.reset().is_ok());
    bench.begin();
    assert_eq!(report::told().len(), 0);
    bench.fake.registers().reset_looks = u32::MAX;
    assert_eq!(bench.reset(), Err(error::DEVICE));
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
        assert_eq!(read, Err(error::INVALID), "{piece:x?}");
    }
    assert_eq!(report::told().len(), 0);
}

#[test]
fn a_configuration_may_change_a_few_times_and_not_forever() {
    let mut bench = Bench::begun();
    bench.fake.registers().changes = 5;
    assert_eq!(bench.configuration(0, 1), Ok(u64::from(CONFIGURATION)));
    bench.fake.registers().changes = u32::MAX;
    assert_eq!(bench.configuration(0, 1), Err(error::DEVICE));
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
        assert_eq!(devices.get(caller, number).err(), Some(error::NO_DEVICE));
        let set = devices.set_queue(caller, [number, 0, 0, 0], &mut bench.space);
        assert_eq!(set, Err(error::NO_DEVICE));
        let published = devices.publish(caller, number, 0, &Cell::default());
        assert_eq!(published, Err(Refused::Error(error::NO_DEVICE)));
    }
    for number in numbers {
        assert!(!devices.acknowledge(number as usize));
    }
    assert!(devices.acknowledge(OWN as usize));
    assert_eq!(bench.fake.written(), []);
}
