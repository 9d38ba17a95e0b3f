//! The command line.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::figures::ROUNDS;
use crate::walls;

const USAGE: &str = "\
usage: native-bench [--json] [--date YYYY-MM-DD] [--samples N] NONE MPK
NONE and MPK are the linked gate pages of both isolations, `gate-none` and `gate-mpk`";

/// How often each thing is timed, unless the user says otherwise.
const SAMPLES: usize = 100_000;
/// More would not fit in the pages that a round's samples are written to.
const SAMPLES_MAX: usize = ROUNDS * walls::SAMPLES_MAX;

/// What the user asks for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Arguments {
    /// One JSON object instead of lines.
    pub(crate) json: bool,
    /// The day that stands in the report.
    pub(crate) date: String,
    /// How often each thing is timed, at least.
    pub(crate) samples: usize,
    /// The linked gate pages, of `none` and `mpk`.
    pub(crate) pages: [PathBuf; 2],
}

impl Arguments {
    /// Reads `words`, the program's name left out.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let (mut json, mut date, mut samples, mut pages) = (false, None, SAMPLES, Vec::new());
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => json = true,
                "--date" => date = Some(day(words.next())?),
                "--samples" => samples = count(words.next())?,
                _ if word.starts_with('-') => {
                    return Err(format!("`{word}` makes no sense here\n{USAGE}"));
                }
                _ => pages.push(PathBuf::from(word)),
            }
        }
        Ok(Arguments {
            json,
            date: date.unwrap_or_else(today),
            samples,
            pages: pages
                .try_into()
                .map_err(|_| format!("two gate pages are wanted\n{USAGE}"))?,
        })
    }
}

fn day(word: Option<String>) -> Result<String, String> {
    let fits = |word: &String| {
        let digit_or_dash = |(at, c): (usize, char)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        };
        word.len() == 10 && word.chars().enumerate().all(digit_or_dash)
    };
    word.filter(fits)
        .ok_or_else(|| format!("--date wants YYYY-MM-DD\n{USAGE}"))
}

fn count(word: Option<String>) -> Result<usize, String> {
    word.and_then(|word| word.parse().ok())
        .filter(|count| (1..=SAMPLES_MAX).contains(count))
        .ok_or_else(|| format!("--samples wants a number from 1 to {SAMPLES_MAX}\n{USAGE}"))
}

/// The day by the clock, in UTC.
fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    date(now.map_or(0, |now| now.as_secs() / 86_400))
}

/// The date `days` after 1970-01-01, counted in years that begin in March, so
/// that the leap day is the last.
fn date(days: u64) -> String {
    // From 0000-03-01, in eras of 400 years, which are all of one length.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March have 31, 30, 31, 30, 31 days, and again.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = 400 * era + year + next;
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_option_is_understood() {
        let arguments =
            parse("--json --date 2026-01-31 gate-none --samples 7 gate-mpk").unwrap();
        assert!(arguments.json);
        assert_eq!(arguments.date, "2026-01-31");
        assert_eq!(arguments.samples, 7);
        assert_eq!(
            arguments.pages,
            ["gate-none", "gate-mpk"].map(PathBuf::from)
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_usage() {
        for line in [
            "",
            "a",
            "a b c",
            "--fast a b",
            "--date 1.1.2026 a b",
            "--samples 0 a b",
            "a b --date",
        ] {
            assert!(parse(line).unwrap_err().contains("usage:"), "{line}");
        }
    }

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(11_017), "2000-03-01");
        assert_eq!(date(20_819), "2027-01-01");
    }
}
