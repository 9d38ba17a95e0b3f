//! Values on their way to the safe kernel and back.

use hermit_abi::{EDOM, EINVAL};
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Form, MICROSECONDS, SIZE_MAX};

fn time(seconds: i64, microseconds: i32) -> [u8; 16] {
    let mut bytes = [0xee; 16];
    bytes[..8].copy_from_slice(&seconds.to_ne_bytes());
    bytes[8..12].copy_from_slice(&microseconds.to_ne_bytes());
    bytes
}

fn lingering(on: i32, seconds: i32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&on.to_ne_bytes());
    bytes[4..].copy_from_slice(&seconds.to_ne_bytes());
    bytes
}

#[test]
fn a_limit_is_the_same_afterwards() {
    for (seconds, rest) in [(15410, 0), (0, 1), (0, 0), (9_223_372_035, 999_999)] {
        let number = Form::Limit.number(&time(seconds, rest)).expect("a time");
        let mut wanted = time(seconds, rest);
        wanted[12..].fill(0);
        assert_eq!(Form::Limit.value(number, 16).bytes(), wanted);
    }
}

#[test]
fn a_limit_that_is_too_long_is_none() {
    for seconds in [9_223_372_037, i64::MAX / 1_000_000_000 + 1, i64::MAX] {
        assert_eq!(Form::Limit.number(&time(seconds, 999_999)), Ok(0));
    }
}

#[test]
fn what_is_no_time_is_no_limit() {
    for (seconds, rest) in [(-1, 0), (0, -1), (5, MICROSECONDS), (i64::MIN, 0)] {
        assert_eq!(Form::Limit.number(&time(seconds, rest)), Err(EDOM));
    }
    assert_eq!(Form::Limit.number(&[0; 15]), Err(EINVAL));
}

#[test]
fn a_close_waits_or_does_not() {
    assert_eq!(Form::Linger.number(&lingering(0, 7)), Ok(0));
    assert_eq!(Form::Linger.number(&lingering(1, 0)), Ok(1));
    assert_eq!(Form::Linger.number(&lingering(-3, 7)), Ok(8));
    assert_eq!(Form::Linger.number(&[1; 7]), Err(EINVAL));
    assert_eq!(Form::Linger.value(0, 8).bytes(), lingering(0, 0));
    assert_eq!(Form::Linger.value(1, 8).bytes(), lingering(1, 0));
    let longest = Form::Linger.number(&lingering(1, -1)).expect("whole");
    assert_eq!(Form::Linger.value(longest, 8).bytes(), lingering(1, -1));
}

#[test]
fn some_numbers_may_have_one_byte() {
    for form in [Form::ShortFlag, Form::Hops, Form::GroupHops] {
        assert_eq!(form.number(&[1]), Ok(1));
        assert_eq!(form.number(&[]), Err(EINVAL));
        assert_eq!(form.value(1, 1).bytes(), [1]);
        assert_eq!(form.value(1, 3).bytes(), [1]);
        assert_eq!(form.value(1, 4).bytes(), 1_i32.to_ne_bytes());
        assert_eq!(form.value(1, 0).bytes(), []);
    }
    for form in [Form::Flag, Form::StrictFlag, Form::Size] {
        assert_eq!(form.number(&[1, 0, 0]), Err(EINVAL));
        assert_eq!(form.value(1, 3).bytes(), &1_i32.to_ne_bytes()[..3]);
    }
}

#[test]
fn numbers_have_their_bounds() {
    let of = |form: Form, value: i32| form.number(&value.to_ne_bytes());
    assert_eq!(of(Form::Flag, i32::MIN), Ok(1));
    assert_eq!(of(Form::StrictFlag, 2), Err(EINVAL));
    assert_eq!(of(Form::Hops, -1), Ok(64));
    assert_eq!(of(Form::GroupHops, -1), Ok(1));
    assert_eq!(of(Form::Hops, 0), Err(EINVAL));
    assert_eq!(of(Form::GroupHops, 0), Ok(0));
    for form in [Form::Hops, Form::GroupHops] {
        assert_eq!(of(form, 255), Ok(255));
        assert_eq!(of(form, 256), Err(EINVAL));
        assert_eq!(of(form, -2), Err(EINVAL));
    }
    assert_eq!(of(Form::Size, -1), Ok(u64::from(u32::MAX)));
    let huge = Form::Size.value(u64::MAX, 4);
    assert_eq!(huge.bytes(), i32::MAX.to_ne_bytes());
}

proptest! {
    #[test]
    fn no_bytes_and_no_number_are_too_much(
        bytes in proptest::collection::vec(any::<u8>(), 0..24),
        number: u64,
        room in 0_usize..200,
    ) {
        for form in [
            Form::Flag, Form::ShortFlag, Form::StrictFlag, Form::Size, Form::Hops,
            Form::GroupHops, Form::Limit, Form::Linger, Form::Error,
        ] {
            let value = form.value(number, room);
            prop_assert_eq!(value.bytes().len() <= room.min(SIZE_MAX), true);
            if let Ok(number) = form.number(&bytes) {
                prop_assert_eq!(i64::try_from(number).is_ok(), true);
            }
        }
    }

    #[test]
    fn every_limit_that_can_be_counted_survives(
        seconds in 0_i64..9_223_372_036,
        rest in 0..MICROSECONDS,
    ) {
        let number = Form::Limit.number(&time(seconds, rest)).expect("a time");
        let value = Form::Limit.value(number, 16);
        prop_assert_eq!(&value.bytes()[..12], &time(seconds, rest)[..12]);
    }
}
