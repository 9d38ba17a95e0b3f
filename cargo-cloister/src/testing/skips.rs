//! Lists of tests that are not run, each with its reason.
//!
//! The lists for the suites of Rust's library stand in the repository. An
//! entry that no test answers to is an error, so that the lists cannot rot.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::list::Test;

/// A list as it stands in its file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SkipList {
    /// Programs that are not even built.
    pub leave: Vec<Entry>,
    /// Tests that are not run.
    pub skip: Vec<Entry>,
    /// Tests that are run only if one asks for them.
    pub slow: Vec<Entry>,
}

/// Tests with one reason.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Why.
    pub reason: String,
    /// The tests as `program/name`; a `*` at the end stands for anything.
    pub tests: Vec<String>,
}

/// What is skipped, by reason.
pub type Skipped = BTreeMap<String, Vec<String>>;

impl SkipList {
    /// Reads a list.
    pub fn read(text: &str) -> Result<SkipList, toml::de::Error> {
        toml::from_str(text)
    }

    /// Whether a program is left alone.
    pub fn leaves(&self, program: &str) -> bool {
        let mut patterns = self.leave.iter().flat_map(|entry| &entry.tests);
        patterns.any(|pattern| fits(pattern, program))
    }

    /// Takes the tests of `program` that are skipped out of `tests`, and notes
    /// them with their reasons; `seen` gathers the patterns that found some.
    pub fn take(
        &self,
        program: &str,
        tests: &mut Vec<Test>,
        with_slow: bool,
        seen: &mut BTreeSet<String>,
    ) -> Skipped {
        let mut skipped = Skipped::new();
        let slow = self.slow.iter().map(|entry| (entry, with_slow));
        for (entry, runs) in self.skip.iter().map(|entry| (entry, false)).chain(slow) {
            for pattern in &entry.tests {
                tests.retain(|test| {
                    let found = fits(pattern, &format!("{program}/{}", test.name));
                    if found {
                        seen.insert(pattern.clone());
                    }
                    if found && !runs {
                        let of_reason = skipped.entry(entry.reason.clone()).or_default();
                        of_reason.push(format!("{program}/{}", test.name));
                    }
                    !found || runs
                });
            }
        }
        skipped
    }

    /// The patterns that no test answered to.
    pub fn stale(&self, seen: &BTreeSet<String>) -> Vec<&str> {
        let entries = self.skip.iter().chain(&self.slow);
        let patterns = entries.flat_map(|entry| &entry.tests).map(String::as_str);
        patterns
            .filter(|&pattern| !seen.contains(pattern))
            .collect()
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str) -> Test {
        Test {
            name: name.into(),
            ..Test::default()
        }
    }

    const LIST: &str = r#"
        [[leave]]
        reason = "no processes"
        tests = ["pipe"]
        [[skip]]
        reason = "panics"
        tests = ["p/a::*", "p/gone"]
        [[slow]]
        reason = "slow"
        tests = ["p/b"]
    "#;

    #[test]
    fn tests_are_skipped_with_their_reasons_and_stale_entries_are_found() {
        let list = SkipList::read(LIST).expect("a list");
        assert!(list.leaves("pipe") && !list.leaves("p"));
        for (with_slow, left) in [(false, 1), (true, 2)] {
            let mut tests = vec![test("a::x"), test("a::y"), test("b"), test("c")];
            let mut seen = BTreeSet::new();
            let skipped = list.take("p", &mut tests, with_slow, &mut seen);
            assert_eq!(tests.len(), left);
            assert_eq!(skipped["panics"], ["p/a::x", "p/a::y"]);
            assert_eq!(list.stale(&seen), ["p/gone"]);
        }
    }

    #[test]
    fn the_lists_of_the_suites_can_be_read() {
        for suite in crate::build::Suite::ALL {
            let list = crate::testing::skip_list(suite).expect("a list");
            let entries = list.leave.iter().chain(&list.skip).chain(&list.slow);
            for entry in entries {
                assert!(
                    !entry.reason.is_empty() && !entry.tests.is_empty(),
                    "{entry:?}"
                );
            }
        }
    }
}
