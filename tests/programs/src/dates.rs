//! `time` and `chrono`, as far as they need no time zone.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Date, Duration, Month, OffsetDateTime};

/// 2024-02-29T12:00:00Z.
const LEAP_DAY: i64 = 1_709_208_000;

/// The calendar, both formats, and the clock of the machine.
pub fn time_calendar() -> bool {
    let leap = OffsetDateTime::from_unix_timestamp(LEAP_DAY).unwrap();
    let next_year = Date::from_calendar_date(2025, Month::February, 29);
    let read = OffsetDateTime::parse("2024-02-29T14:00:00.5+02:00", &Rfc3339).unwrap();
    let now = OffsetDateTime::now_utc().unix_timestamp();
    leap.format(&Rfc3339).unwrap() == "2024-02-29T12:00:00Z"
        && leap.format(&Rfc2822).unwrap() == "Thu, 29 Feb 2024 12:00:00 +0000"
        && next_year.is_err()
        && read - leap == Duration::milliseconds(500)
        && now.abs_diff(seconds()) <= 1
}

/// Days, weeks and formats.
pub fn chrono_calendar() -> bool {
    let leap = DateTime::from_timestamp(LEAP_DAY, 0).unwrap();
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let later = day + TimeDelta::days(365);
    let read = NaiveDate::parse_from_str("21.11.2026", "%d.%m.%Y").unwrap();
    leap.to_rfc3339() == "2024-02-29T12:00:00+00:00"
        && leap.date_naive() == day
        && NaiveDate::from_ymd_opt(2100, 2, 29).is_none()
        && later == NaiveDate::from_ymd_opt(2025, 2, 28).unwrap()
        && (read.weekday(), read.iso_week().week()) == (Weekday::Sat, 47)
}

/// The time is that of std.
pub fn chrono_now() -> bool {
    Utc::now().timestamp().abs_diff(seconds()) <= 1 && Utc::now().year() >= 2000
}

fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
