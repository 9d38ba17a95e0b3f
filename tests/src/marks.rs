//! How much of their stacks the kernels used, as hooked images print it.
//!
//! Every boot of such an image counts: one that left less than a page of a
//! kernel's stack free fails its trial, whatever the trial looks at.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::boot::Outcome;

/// What must stay free of every stack of a kernel, in bytes.
pub const FREE: u64 = 4096;

/// The highest mark of all boots, by the kernel.
static HIGHEST: Mutex<BTreeMap<String, Mark>> = Mutex::new(BTreeMap::new());

/// To where a stack was filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Whose: `safe`, `core` or the name of a cell.
    pub kernel: String,
    /// How many bytes were used.
    pub used: u64,
    /// Of how many.
    pub size: u64,
}

impl Mark {
    /// Reads a line of the core's console.
    pub fn parse(line: &str) -> Option<Mark> {
        let rest = line.trim().strip_prefix("stack mark: ")?;
        let mut words = rest.split(' ');
        let (kernel, used, _of, size) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        Some(Mark {
            kernel: kernel.to_owned(),
            used: used.parse().ok()?,
            size: size.parse().ok()?,
        })
    }

    /// Whether enough was left.
    pub fn is_low(&self) -> bool {
        self.used + FREE <= self.size
    }
}

/// Notes the marks of a boot.
///
/// # Panics
///
/// One is too high, though nothing faulted: attacks fill stacks on purpose.
pub fn check(outcome: &Outcome) {
    if !outcome.faults.is_empty() {
        return;
    }
    for mark in &outcome.marks {
        assert!(mark.is_low(), "a stack is nearly full: {mark:?}");
        let mut highest = HIGHEST.lock().unwrap_or_else(PoisonError::into_inner);
        let known = highest
            .entry(mark.kernel.clone())
            .or_insert_with(|| mark.clone());
        if mark.used > known.used {
            *known = mark.clone();
        }
    }
}

/// The highest marks so far, a line each.
pub fn summary() -> String {
    let highest = HIGHEST.lock().unwrap_or_else(PoisonError::into_inner);
    let line = |mark: &Mark| {
        let Mark { kernel, used, size } = mark;
        format!("highest mark of a stack: {kernel} {used} of {size} bytes\n")
    };
    highest.values().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_and_the_rest_of_the_console_is_not() {
        let mark = Mark::parse("stack mark: safe 12280 of 16384").unwrap();
        assert_eq!(
            (mark.kernel.as_str(), mark.used, mark.size),
            ("safe", 12_280, 16_384)
        );
        assert!(mark.is_low());
        assert_eq!(Mark::parse("stack mark: safe"), None);
        assert_eq!(Mark::parse("panicked"), None);
        let high = Mark {
            used: 12_296,
            ..mark
        };
        assert!(!high.is_low());
    }
}
