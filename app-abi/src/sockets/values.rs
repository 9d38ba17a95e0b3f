//! Values of options: the bytes that the ABI has, and the safe kernel's number.
//!
//! Sizes are Linux's: too few bytes are EINVAL, further ones are not looked at, and of
//! a result as many are given as there is room for. Some options of IPv4 are numbers of
//! four bytes or of one, as the caller likes.

use core::mem::offset_of;

use hermit_abi::{EDOM, EINVAL, linger, timeval};

const SECOND: u64 = 1_000_000_000;
const MICROSECOND: u64 = 1000;
/// The microseconds of a second.
const MICROSECONDS: i32 = 1_000_000;
/// How many routers a packet passes where nobody says it, and one to a group.
const HOPS: u64 = 64;
const GROUP_HOPS: u64 = 1;
/// The bytes of C's `int`.
const INT: usize = size_of::<i32>();

/// What the value of an option is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// A number of which only counts whether it is zero.
    Flag,
    /// The same, of four bytes or one.
    ShortFlag,
    /// Zero or one.
    StrictFlag,
    /// Bytes of a buffer.
    Size,
    /// How many routers a packet passes: 1 to 255, or -1 for the usual.
    Hops,
    /// How many routers a packet to a group passes, which may be none.
    GroupHops,
    /// A time limit in seconds and microseconds.
    Limit,
    /// Whether a close waits, and how many seconds.
    Linger,
    /// The number of an error, which cannot be set.
    Error,
}

/// The most bytes of a value.
pub(super) const SIZE_MAX: usize = 16;

/// A value as the ABI has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Value {
    bytes: [u8; SIZE_MAX],
    size: usize,
}

impl Form {
    /// The safe kernel's number for the value in `bytes`.
    ///
    /// # Errors
    ///
    /// EINVAL if they are too few or no such value, EDOM if they are no time.
    pub(super) fn number(self, bytes: &[u8]) -> Result<u64, i32> {
        match self {
            Form::Flag => int(bytes).map(|value| (value != 0).into()),
            Form::ShortFlag => short(bytes).map(|value| (value != 0).into()),
            Form::StrictFlag => within(int(bytes)?, 0, 1),
            Form::Size => int(bytes).map(|value| value.cast_unsigned().into()),
            Form::Hops => match short(bytes)? {
                -1 => Ok(HOPS),
                value => within(value, 1, 255),
            },
            Form::GroupHops => match short(bytes)? {
                -1 => Ok(GROUP_HOPS),
                value => within(value, 0, 255),
            },
            Form::Limit => limit(bytes.first_chunk().ok_or(EINVAL)?),
            Form::Linger => Ok(linger_of(bytes.first_chunk().ok_or(EINVAL)?)),
            Form::Error => Err(EINVAL),
        }
    }

    /// The value of the safe kernel's number, for a caller with so much room.
    pub(super) fn value(self, number: u64, room: usize) -> Value {
        match self {
            Form::Limit => limit_value(number),
            Form::Linger => linger_value(number),
            Form::ShortFlag | Form::Hops | Form::GroupHops => short_value(number, room),
            Form::Flag | Form::StrictFlag | Form::Size | Form::Error => int_value(number),
        }
        .cut(room)
    }
}

impl Value {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.size]
    }

    fn of(first: &[u8], second: &[u8], size: usize) -> Value {
        let mut bytes = [0; SIZE_MAX];
        bytes[..first.len()].copy_from_slice(first);
        bytes[first.len()..first.len() + second.len()].copy_from_slice(second);
        Value { bytes, size }
    }

    fn cut(self, room: usize) -> Value {
        let size = self.size.min(room);
        Value { size, ..self }
    }
}

fn within(value: i32, least: i32, most: i32) -> Result<u64, i32> {
    let is_within = (least..=most).contains(&value);
    is_within.then_some(value as u64).ok_or(EINVAL)
}

fn int(bytes: &[u8]) -> Result<i32, i32> {
    let bytes = bytes.first_chunk().ok_or(EINVAL)?;
    Ok(i32::from_ne_bytes(*bytes))
}

/// A number of four bytes, or of one where there are less.
fn short(bytes: &[u8]) -> Result<i32, i32> {
    match bytes {
        [] => Err(EINVAL),
        [first, ..] if bytes.len() < INT => Ok((*first).into()),
        _ => int(bytes),
    }
}

fn int_value(number: u64) -> Value {
    let int = i32::try_from(number).unwrap_or(i32::MAX);
    Value::of(&int.to_ne_bytes(), &[], INT)
}

fn short_value(number: u64, room: usize) -> Value {
    match u8::try_from(number) {
        Ok(byte) if (1..INT).contains(&room) => Value::of(&[byte], &[], 1),
        _ => int_value(number),
    }
}

/// Nanoseconds; zero, which is no limit, for what 63 bits cannot count.
fn limit(bytes: &[u8; size_of::<timeval>()]) -> Result<u64, i32> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *bytes;
    let seconds = i64::from_ne_bytes([a, b, c, d, e, f, g, h]);
    let rest = i32::from_ne_bytes([i, j, k, l]);
    if seconds < 0 || !(0..MICROSECONDS).contains(&rest) {
        return Err(EDOM);
    }
    let (seconds, rest) = (seconds.cast_unsigned(), rest as u64);
    let total = seconds
        .checked_mul(SECOND)
        .and_then(|seconds| seconds.checked_add(rest * MICROSECOND))
        .filter(|total| i64::try_from(*total).is_ok());
    Ok(total.unwrap_or(0))
}

fn limit_value(number: u64) -> Value {
    let seconds = (number / SECOND).to_ne_bytes();
    let rest = (number % SECOND / MICROSECOND) as u32;
    Value::of(&seconds, &rest.to_ne_bytes(), size_of::<timeval>())
}

/// Zero for a close that does not wait, else one and the seconds.
fn linger_of(bytes: &[u8; size_of::<linger>()]) -> u64 {
    let [a, b, c, d, e, f, g, h] = *bytes;
    let seconds = u32::from_ne_bytes([e, f, g, h]);
    match u32::from_ne_bytes([a, b, c, d]) {
        0 => 0,
        _ => u64::from(seconds) + 1,
    }
}

fn linger_value(number: u64) -> Value {
    let waits = u32::from(number != 0).to_ne_bytes();
    let seconds = number.saturating_sub(1) as u32;
    Value::of(&waits, &seconds.to_ne_bytes(), size_of::<linger>())
}

/// The places of the bytes above.
const _: () = {
    assert!(size_of::<timeval>() == 16 && size_of::<linger>() == 8);
    assert!(offset_of!(timeval, tv_sec) == 0 && offset_of!(timeval, tv_usec) == 8);
    assert!(offset_of!(linger, l_onoff) == 0 && offset_of!(linger, l_linger) == 4);
};

#[cfg(test)]
mod tests;
