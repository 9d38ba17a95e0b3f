//! Values that several options take.

use std::fmt;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domains::cpu_page::CPUS_MAX;
use domains::injection::{self, NoInjection};
use domains::restart_limit::NoLimit;
use domains::{Cell, Injection, Isolation, RestartLimit};
use serde::Deserialize;

/// Reads `mpk` or `none`, and knows no other.
pub(super) fn isolation() -> impl TypedValueParser<Value = Isolation> {
    PossibleValuesParser::new(Isolation::ALL.map(Isolation::name))
        .try_map(|name| Isolation::from_name(&name).ok_or(Unknown))
}

/// A name that stands for nothing.
#[derive(Debug, thiserror::Error)]
#[error("this is not one of the names")]
pub(super) struct Unknown;

/// How much the kernels print on the core's console.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogLevel {
    /// Nothing but failures
    Error,
    /// Warnings too
    Warn,
    /// What the core finds at boot
    Info,
    /// As info: there is nothing more to say yet
    Debug,
}

impl LogLevel {
    /// The number that the guest reads.
    pub(super) const fn number(self) -> u32 {
        self as u32
    }
}

/// Whom the output is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Output {
    /// The program's output as it is
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Human => "human",
            Output::Json => "json",
        })
    }
}

/// How many virtual CPUs a guest gets.
pub(super) fn cpus(text: &str) -> Result<u32, String> {
    const MOST: u32 = CPUS_MAX as u32;
    match text.parse() {
        Ok(cpus @ 1..=MOST) => Ok(cpus),
        Ok(0) | Err(_) => Err("not a number of virtual CPUs".to_owned()),
        Ok(_) => Err(format!("a guest uses at most {MOST} virtual CPUs")),
    }
}

/// A time limit in seconds.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=1e9).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds".to_owned()),
    }
}

/// How long a call of a cell may take, in milliseconds.
pub(super) fn cell_deadline(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(ms) if (20..=600_000).contains(&ms) => Ok(ms),
        _ => Err("not a number of milliseconds from 20 to 600000".to_owned()),
    }
}

/// How often a cell may be started anew.
pub(super) fn restart_limit(text: &str) -> Result<RestartLimit, String> {
    text.parse().map_err(|NoLimit| {
        let most = RestartLimit::MOST;
        format!("not a limit: two numbers up to {most}, as in `16/s,64/min`, or `none`")
    })
}

/// What a cell is made to do wrong.
pub(super) fn injection(text: &str) -> Result<(Cell, Injection), String> {
    injection::parse(text).map_err(|NoInjection| {
        let cells = Cell::ALL.map(Cell::name).join("` or `");
        format!(
            "not a cell, a fault and when, as in `hostfs=panic,every=50`: cells are \
             `{cells}`; faults are `panic`, `hang`, `garbage`, and `read:`, `write:` or \
             `jump:` with `safe`, `app` or another cell; when is `every=N`, `once=N`, \
             `rate=1/N` with `,seed=S`, or `start=N` for its first N starts"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_levels_have_the_guests_numbers() {
        let numbers = LogLevel::value_variants()
            .iter()
            .map(|level| level.number());
        assert_eq!(numbers.collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert_eq!(cpus("1"), Ok(1));
        assert_eq!(cpus("8"), Ok(8));
        assert!(cpus("9").is_err_and(|why| why.contains("at most 8")));
        for text in ["0", "-1", "two", "4294967296"] {
            assert!(cpus(text).is_err(), "{text}");
        }
        assert_eq!(seconds("1.5"), Ok(1.5));
        for text in ["0", "-1", "NaN", "inf", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
