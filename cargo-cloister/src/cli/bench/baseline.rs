//! The results that are committed, and what has become worse since.

use std::collections::BTreeMap;
use std::fmt;

use super::Set;
use super::results::{Kind, Measured, Results};
use super::rows;
use crate::build;
use crate::cli::failure::Failure;
use crate::outlet::tell;

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
    /// What was measured then and is not now.
    missing: Vec<String>,
    worse: Vec<Change>,
    better: Vec<Change>,
}

/// One number that has changed.
#[derive(Clone, PartialEq, Debug)]
struct Change {
    name: String,
    before: f64,
    now: f64,
    kind: Kind,
}

impl Baseline {
    /// Reads the committed results. Where there are none that can be read, that
    /// is told, and nothing is compared.
    pub(super) fn find() -> Result<Option<Baseline>, Failure> {
        let sources = build::sources().map_err(Failure::build)?;
        let file = sources.join(COMMITTED).join(Set::Full.file());
        match Results::read(&file) {
            Ok(results) => Ok(Some(Baseline { results })),
            Err(why) => {
                why.print();
                tell("nothing is compared with it");
                Ok(None)
            }
        }
    }

    /// Compares numbers that both have.
    pub(super) fn compare(&self, now: &Results) -> Changes {
        let before = numbers(&self.results);
        let after = numbers(now);
        let both = after.iter().filter_map(|(name, (now, kind))| {
            Some(Change {
                before: before.get(name)?.0,
                name: name.clone(),
                now: *now,
                kind: *kind,
            })
        });
        let both: Vec<Change> = both.collect();
        // A quick set lacks the larger classes of whole programs.
        let is_expected =
            |name: &&String| now.set == self.results.set || !name.starts_with("macro: ");
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        Changes {
            missing: gone.filter(is_expected).cloned().collect(),
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

/// Each number by its name.
fn numbers(results: &Results) -> BTreeMap<String, (f64, Kind)> {
    let tables = results.tables().into_iter();
    let of = tables.flat_map(|(table, content)| {
        let numbers = content.measured().into_iter();
        numbers.map(move |Measured { name, value, kind }| {
            (format!("{table}: {name}"), (value, kind))
        })
    });
    of.collect()
}

impl Change {
    fn is_worse(&self) -> bool {
        self.now > self.before * (1.0 + self.kind.tolerance())
    }

    fn is_better(&self) -> bool {
        self.now < self.before * (1.0 - self.kind.tolerance())
    }
}

impl Changes {
    /// Whether something has become worse that the compiler is not to blame
    /// for.
    pub(super) fn are_regressions(&self) -> bool {
        self.is_same_code && !self.worse().is_empty()
    }

    /// The names of what has become worse, in which nobody else had a say.
    pub(super) fn worse(&self) -> Vec<&str> {
        let judged = self.worse.iter().filter(|it| it.kind == Kind::Exact);
        let worse = judged.map(|change| change.name.as_str());
        worse
            .chain(self.missing.iter().map(String::as_str))
            .collect()
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
        for name in &self.missing {
            writeln!(f, "missing: {name}")?;
        }
        for (word, changes) in [("worse", &self.worse), ("better", &self.better)] {
            for Change {
                name, before, now, ..
            } in changes
            {
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
            kind: Kind::Exact,
        }
    }

    #[test]
    fn small_changes_are_none() {
        for now in [1000.0, 1009.0, 991.0] {
            let change = change(1000.0, now);
            assert!(!change.is_worse() && !change.is_better(), "{now}");
        }
        assert!(change(1000.0, 1015.0).is_worse());
        assert!(change(1000.0, 985.0).is_better());
    }

    #[test]
    fn what_the_host_had_a_say_in_is_told_but_not_judged() {
        let rough = Change {
            kind: Kind::Rough,
            ..change(100.0, 200.0)
        };
        assert!(rough.is_worse());
        let changes = Changes {
            is_same_code: true,
            made_with: "rustc".into(),
            compared: 1,
            missing: vec![],
            worse: vec![rough],
            better: vec![],
        };
        assert!(!changes.are_regressions());
        assert!(changes.to_string().contains("worse: gate: call"));
    }

    #[test]
    fn another_compiler_is_no_regression() {
        let changes = |is_same_code| Changes {
            is_same_code,
            made_with: "rustc".into(),
            compared: 1,
            missing: vec![],
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
