//! The time of day at boot, to the second, from the battery-backed clock.

use gate::{clock, core_call};

/// The format that every hypervisor's clock has: decimal digits, 24 hours.
const FORMAT: u8 = 0b010;
const FORMAT_MASK: u8 = 0b110;
/// How often the clock is read: it may tick between two of its registers, and
/// two equal readings in a row are a time.
const READINGS: usize = 5;

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

/// Has the clocks of all domains show the time of day. Without a clock, or with
/// one that never agrees with itself, it is 1970.
pub fn start() {
    let seconds = settle(core_call::date_registers).and_then(Date::epoch_seconds);
    clock::set_epoch(seconds.unwrap_or(0).saturating_mul(1_000_000_000));
}

/// The date that `read` says twice in a row.
fn settle(mut read: impl FnMut() -> u64) -> Option<Date> {
    let mut last = None;
    let mut readings = core::iter::repeat_with(&mut read).take(READINGS);
    let registers = readings.find(|registers| last.replace(*registers) == Some(*registers))?;
    Date::decode(registers)
}

impl Date {
    /// The date in plain numbers; none if the format is another, or a register
    /// has too many tens.
    fn decode(registers: u64) -> Option<Date> {
        let [second, minute, hour, day, month, year, format, _] = registers.to_le_bytes();
        let number = |value: u8| (value >> 4).checked_mul(10)?.checked_add(value & 0xf);
        if format & FORMAT_MASK != FORMAT {
            return None;
        }
        Some(Date {
            second: number(second)?,
            minute: number(minute)?,
            hour: number(hour)?,
            day: number(day)?,
            month: number(month)?,
            year: number(year)?,
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
        let hours = self
            .days()?
            .checked_mul(24)?
            .checked_add(self.hour.into())?;
        let minutes = hours.checked_mul(60)?.checked_add(self.minute.into())?;
        let seconds = minutes.checked_mul(60)?.checked_add(self.second.into())?;
        is_date.then_some(seconds)
    }

    /// Days from 1970 to this one. Years run from March, so that the leap day is
    /// the last.
    fn days(self) -> Option<u64> {
        let (year, month) = (
            2000_u64.checked_add(self.year.into())?,
            u64::from(self.month),
        );
        let (year, month) = match month.checked_sub(3) {
            Some(month) => (year, month),
            None => (year.checked_sub(1)?, month.checked_add(9)?),
        };
        let leap_days = (year / 4)
            .checked_sub(year / 100)?
            .checked_add(year / 400)?;
        let of_years = year.checked_mul(365)?.checked_add(leap_days)?;
        let of_months = month.checked_mul(153)?.checked_add(2)? / 5;
        let days = of_years
            .checked_add(of_months)?
            .checked_add(self.day.into())?;
        days.checked_sub(719_469)
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
    /// The same in the clock's registers.
    const REGISTERS: u64 = 0x0002_2402_2912_3456;

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
        assert_eq!(Date::decode(u64::MAX >> 8), None);
        let no_month = Date { month: 0, ..DATE };
        assert_eq!(no_month.epoch_seconds(), None);
    }

    #[test]
    fn decimal_digits_are_decoded_in_their_format_only() {
        assert_eq!(Date::decode(REGISTERS), Some(DATE));
        assert_eq!(Date::decode(REGISTERS | 1 << 50), None);
    }

    #[test]
    fn two_readings_have_to_agree() {
        let mut ticks = [REGISTERS - 1, REGISTERS, REGISTERS].into_iter();
        assert_eq!(settle(|| ticks.next().expect("three do")), Some(DATE));
        let mut never = 0..;
        assert_eq!(settle(|| never.next().expect("it goes on")), None);
        assert_eq!(never.next(), Some(READINGS as u64));
    }
}
