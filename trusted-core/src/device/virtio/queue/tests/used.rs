//! What a device uses, and what it cannot have used.

use super::*;

const DEVICE: Result<(), Refused> = Err(Refused::Error(error::DEVICE));

#[test]
fn what_is_used_can_be_given_again() {
    let mut bench = bench();
    bench.describe_good(0, NEXT, 1);
    for index in 0..20 {
        assert_eq!(bench.give(&[0]), Ok(()));
        assert!(bench.queue.is_in_flight(1), "the link as well");
        bench.set_used(index, 0);
        assert_eq!(bench.publish(), Ok(()));
        assert!((0..2).all(|entry| !bench.queue.is_in_flight(entry)));
    }
}

/// The last entry of a chain still names another, which is a chain of its own.
#[test]
fn what_is_used_leaves_other_chains_in_flight() {
    let mut bench = bench();
    bench.describe_good(0, NEXT, 1);
    bench.describe_good(1, WRITE, 2);
    assert_eq!(bench.give(&[0, 2]), Ok(()));
    bench.set_used(0, 0);
    assert_eq!(bench.give(&[1, 2]), RINGS);
    assert!(bench.queue.is_in_flight(2));
}

/// The last entry of a chain names a link of another as well.
#[test]
fn what_is_used_leaves_the_links_of_other_chains_in_flight() {
    let mut bench = bench();
    bench.describe_good(0, NEXT, 1);
    bench.describe_good(1, WRITE, 3);
    bench.describe_good(2, NEXT, 3);
    assert_eq!(bench.give(&[2, 0]), Ok(()));
    bench.set_used(0, 0);
    assert_eq!(bench.publish(), Ok(()));
    assert!(
        (0..4)
            .map(|entry| bench.queue.is_in_flight(entry))
            .eq([false, false, true, true])
    );
    assert_eq!(bench.give(&[3]), RINGS);
}

/// A size of one has no bits for a place in the ring.
#[test]
fn indexes_wrap() {
    for size in [1, 2, 8, 256] {
        let mut bench = Bench::new(size);
        for index in (0..=u16::MAX).chain(0..5000) {
            let head = index % size;
            bench.describe(head, GOOD.address + u64::from(index % 999), 8, 0, 0);
            assert_eq!(bench.give(&[head]), Ok(()));
            assert_eq!(bench.index(), index.wrapping_add(1));
            assert_eq!(bench.slot(index), head);
            bench.set_used(index, head);
        }
    }
}

/// The one that was used is not taken note of: the word of such a device
/// counts for nothing.
#[test]
fn a_device_that_uses_more_than_it_was_given_is_refused() {
    for index in [2, 9, 0x8000, u16::MAX] {
        let mut bench = bench();
        assert_eq!(bench.give(&[0]), Ok(()));
        bench.set_used(0, 0);
        bench.set_used_index(index);
        assert_eq!(bench.give(&[1]), DEVICE, "{index}");
        assert!(bench.queue.is_in_flight(0));
        assert_eq!(bench.index(), 1);
    }
}

#[test]
fn a_device_whose_used_index_goes_back_is_refused() {
    let mut bench = bench();
    assert_eq!(bench.give(&[0, 1]), Ok(()));
    bench.set_used(0, 0);
    bench.set_used(1, 1);
    assert_eq!(bench.publish(), Ok(()));
    bench.set_used_index(1);
    assert_eq!(bench.publish(), DEVICE);
}

#[test]
fn a_device_that_uses_what_is_no_head_is_refused() {
    // A link, one that nobody gave, and some that there are not.
    for id in [1, 3, 7, 8, 9, 64, 256, 0xff00, u16::MAX] {
        let mut bench = bench();
        bench.describe_good(0, NEXT, 1);
        assert_eq!(bench.give(&[0]), Ok(()));
        bench.set_used(0, id);
        assert_eq!(bench.publish(), DEVICE, "{id}");
        assert!(bench.queue.is_in_flight(0) && bench.queue.is_in_flight(1));
    }
}

#[test]
fn a_device_that_uses_a_head_twice_is_refused() {
    let mut bench = bench();
    assert_eq!(bench.give(&[0, 1]), Ok(()));
    bench.set_used(0, 1);
    bench.set_used(1, 1);
    assert_eq!(bench.publish(), DEVICE);
    assert!(bench.queue.is_in_flight(0));
}

/// A number that is too large has the same bit in a set as a small one.
#[test]
fn a_used_number_beyond_the_largest_table_is_not_another() {
    let mut bench = Bench::new(256);
    bench.describe_good(44, 0, 0);
    assert_eq!(bench.give(&[44]), Ok(()));
    bench.set_used(0, 256 + 44);
    assert_eq!(bench.publish(), DEVICE);
}
