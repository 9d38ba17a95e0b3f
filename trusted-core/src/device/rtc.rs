//! The battery-backed clock: the time of day at boot, to the second.

#![expect(unsafe_code, reason = "names I/O ports")]

use super::port::Port;

// SAFETY: selects a register of the clock.
const SELECT: Port<u8> = unsafe { Port::new(0x70) };
// SAFETY: a register of the clock; the core only reads.
const DATA: Port<u8> = unsafe { Port::new(0x71) };

const STATUS_B: u8 = 0x0b;
/// The format that every hypervisor's clock has: decimal digits, 24 hours.
const FORMAT: u8 = 0b010;
const FORMAT_MASK: u8 = 0b110;

/// A date as the clock's registers hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Date {
    second: u8,
    minute: u8,
    hour: u8,
    day: u8,
    month: u8,
    year: u8,
}

/// Seconds since 1970; zero where there is no clock.
pub(crate) fn epoch_seconds() -> u64 {
    if register(STATUS_B) & FORMAT_MASK != FORMAT {
        return 0;
    }
    // The clock may tick between two registers: two equal readings in a row
    // are a time. Give up on a clock that never agrees with itself.
    let readings = core::iter::repeat_with(read).take(5);
    let mut last = None;
    let date = readings
        .into_iter()
        .find(|date| last.replace(*date) == Some(*date));
    date.and_then(Date::decode)
        .and_then(Date::epoch_seconds)
        .unwrap_or(0)
}

fn read() -> Date {
    Date {
        second: register(0x00),
        minute: register(0x02),
        hour: register(0x04),
        day: register(0x07),
        month: register(0x08),
        year: register(0x09),
    }
}

fn register(number: u8) -> u8 {
    SELECT.write(number);
    DATA.read()
}

impl Date {
    /// The date in plain numbers; none if a register has too many tens.
    fn decode(self) -> Option<Date> {
        let number = |value: u8| (value >> 4).checked_mul(10)?.checked_add(value & 0xf);
        Some(Date {
            second: number(self.second)?,
            minute: number(self.minute)?,
            hour: number(self.hour)?,
            day: number(self.day)?,
            month: number(self.month)?,
            year: number(self.year)?,
        })
    }

    /// Seconds since 1970 of a date in this century; none if it is no date.
    fn epoch_seconds(self) -> Option<u64> {
        let is_date = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 61
            && self.year < 100;
        let days = || {
            // Years run from March, so that the leap day is the last.
            let (year, month) = (2000 + u64::from(self.year), u64::from(self.month));
            let (year, month) = if month > 2 {
                (year, month - 3)
            } else {
                (year - 1, month + 9)
            };
            let leap_days = year / 4 - year / 100 + year / 400;
            year * 365 + leap_days + (153 * month + 2) / 5 + u64::from(self.day) - 1 - 719_468
        };
        is_date.then(|| {
            ((days() * 24 + u64::from(self.hour)) * 60 + u64::from(self.minute)) * 60
                + u64::from(self.second)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Date = Date {
        second: 56,
        minute: 34,
        hour: 12,
        day: 29,
        month: 2,
        year: 24,
    };

    #[test]
    fn a_date_counts_the_seconds_since_1970() {
        assert_eq!(DATE.epoch_seconds(), Some(1_709_210_096));
        let first = Date {
            second: 0,
            minute: 0,
            hour: 0,
            day: 1,
            month: 1,
            year: 0,
        };
        assert_eq!(first.epoch_seconds(), Some(946_684_800));
    }

    #[test]
    fn what_an_absent_clock_reads_is_no_date() {
        let nothing = Date {
            second: 255,
            minute: 255,
            hour: 255,
            day: 255,
            month: 255,
            year: 255,
        };
        assert_eq!(nothing.decode().and_then(Date::epoch_seconds), None);
    }

    #[test]
    fn decimal_digits_are_decoded() {
        let digits = Date {
            second: 0x56,
            minute: 0x34,
            hour: 0x12,
            day: 0x29,
            month: 0x02,
            year: 0x24,
        };
        assert_eq!(digits.decode(), Some(DATE));
    }
}
