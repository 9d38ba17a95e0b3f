//! The results that are committed, and what has become worse since.

use std::collections::BTreeMap;
use std::fmt;

use super::Set;
use super::results::{Found, Results};
use super::rows;
use crate::build;
use crate::cli::failure::Failure;

/// What may change without a word: a share, and some instructions for the
/// runs in which the host has a say.
const TOLERANCE: f64 = 0.01;
const SLACK: f64 = 4.0;

/// Where the committed results lie in the sources.
pub(super) const COMMITTED: &str = "eval/results";

/// The committed results.
#[derive(Debug)]
pub(super) struct Baseline {
    results: Results,
}

/// How results differ from the committed ones.
#[derive(Debug)]
pub(super) struct Changes {
    is_same_code: bool,
    made_with: String,
    compared: usize,
    worse: Vec<Change>,
    better: Vec<Change>,
}

/// One number that has changed.
#[derive(Clone, PartialEq, Debug)]
struct Change {
    name: String,
    before: f64,
    now: f64,
}

impl Baseline {
    fn of(found: Found) -> Baseline {
        Baseline {
            results: found.results,
        }
    }

    /// Reads the committed results; none if there are none yet.
    pub(super) fn find() -> Result<Option<Baseline>, Failure> {
        let sources = build::sources().map_err(Failure::build)?;
        let file = sources.join(COMMITTED).join(Set::Full.file());
        match file.is_file() {
            true => Found::read(&file).map(|found| Some(Baseline::of(found))),
            false => Ok(None),
        }
    }

    /// Compares numbers that both have.
    pub(super) fn compare(&self, now: &Results) -> Changes {
        let before = numbers(&self.results);
        let now_numbers = numbers(now);
        let both = now_numbers.iter().filter_map(|(name, now)| {
            let before = *before.get(name)?;
            let (name, now) = (name.clone(), *now);
            Some(Change { name, before, now })
        });
        let both: Vec<Change> = both.collect();
        Changes {
            is_same_code: self.results.made_with == now.made_with,
            made_with: format!(
                "{}, {}",
                self.results.made_with.rustc, self.results.made_with.qemu
            ),
            compared: both.len(),
            worse: both.iter().filter(|it| it.is_worse()).cloned().collect(),
            better: both.iter().filter(|it| it.is_better()).cloned().collect(),
        }
    }
}

fn numbers(results: &Results) -> BTreeMap<String, f64> {
    let tables = results.tables().into_iter();
    let of = tables.flat_map(|(table, content)| {
        let numbers = content.measured().into_iter();
        numbers.map(move |number| (format!("{table}: {}", number.name), number.value))
    });
    of.collect()
}

impl Change {
    fn is_worse(&self) -> bool {
        self.now > self.before * (1.0 + TOLERANCE) + SLACK
    }

    fn is_better(&self) -> bool {
        self.now < self.before * (1.0 - TOLERANCE) - SLACK
    }
}

impl Changes {
    /// Whether something has become worse that the compiler is not to blame
    /// for.
    pub(super) fn are_regressions(&self) -> bool {
        self.is_same_code && !self.worse.is_empty()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} numbers compared with the committed ones ({}): {} worse, {} better",
            self.compared,
            self.made_with,
            self.worse.len(),
            self.better.len()
        )?;
        if !self.is_same_code {
            writeln!(
                f,
                "Made with other tools, so that none counts as a regression."
            )?;
        }
        for (word, changes) in [("worse", &self.worse), ("better", &self.better)] {
            for Change { name, before, now } in changes {
                let share = rows::percent(now / before - 1.0);
                let (before, now) = (rows::number(*before), rows::number(*now));
                writeln!(f, "{word}: {name}: {before} before, {now} now ({share})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: f64, now: f64) -> Change {
        Change {
            name: "gate: call".into(),
            before,
            now,
        }
    }

    #[test]
    fn small_changes_are_none() {
        for now in [1000.0, 1013.0, 987.0] {
            let change = change(1000.0, now);
            assert!(!change.is_worse() && !change.is_better(), "{now}");
        }
        assert!(change(1000.0, 1015.0).is_worse());
        assert!(change(1000.0, 985.0).is_better());
    }

    #[test]
    fn another_compiler_is_no_regression() {
        let changes = |is_same_code| Changes {
            is_same_code,
            made_with: "rustc".into(),
            compared: 1,
            worse: vec![change(100.0, 200.0)],
            better: vec![],
        };
        assert!(changes(true).are_regressions());
        assert!(!changes(false).are_regressions());
        let text = changes(true).to_string();
        assert!(
            text.contains("worse: gate: call: 100 before, 200 now (100.00 %)"),
            "{text}"
        );
    }
}
