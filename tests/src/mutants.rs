//! The mutation list: each defence, and what notices that it is gone.
//!
//! A defence is marked where it stands in the sources, by a comment with its
//! name. The lists below `tests/` say for each how it is taken out, and which
//! test must fail then. Where several lines are one defence, each has a mutant
//! of its own, told apart behind a slash.

use serde::Deserialize;

use crate::attacks::is_meant;
use crate::sources::{self, Source};

/// What marks a defence, before its name.
pub const MARK: &str = "DEFENCE: ";
/// Where defences stand.
const DEFENDED: [&str; 7] = [
    "app-abi/",
    "cargo-cloister/",
    "domains/",
    "gate/",
    "kernel-safe/",
    "kernel-unsafe/",
    "trusted-core/",
];

/// A defence that is taken out.
#[derive(Clone, Deserialize, Debug)]
pub struct Mutant {
    /// The defence's name, with a part behind a slash if there are several.
    pub name: String,
    /// What it keeps away.
    pub defence: String,
    /// How it is taken out.
    #[serde(flatten)]
    pub way: Way,
}

/// How a defence is taken out.
#[derive(Clone, Deserialize, Debug)]
#[serde(untagged)]
pub enum Way {
    /// By a change of the sources.
    Patch(Patch),
    /// By a trial itself, while the guest runs: it passes if the loss is noticed.
    Trial {
        /// The trial's name.
        trial: String,
    },
}

/// A change of one place in the sources, and the test that must fail with it.
#[derive(Clone, Deserialize, Debug)]
pub struct Patch {
    /// The file, from the root of the repository.
    pub file: String,
    /// What stands there, once.
    pub replace: String,
    /// What is to stand there.
    pub with: String,
    /// A trial of the guests, or a unit test behind its package's name.
    pub test: String,
}

/// A list of mutants, and the file that it stands in.
#[derive(Debug)]
pub struct List {
    /// The file, from the root of the repository.
    pub path: String,
    /// Its mutants, in order.
    pub mutants: Vec<Mutant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    mutant: Vec<Mutant>,
}

/// All lists.
///
/// # Panics
///
/// One of them has another form.
pub fn lists() -> Vec<List> {
    sources::with_endings(&[".toml"])
        .into_iter()
        .filter(|source| source.is_in(&["tests/mutants.toml", "tests/mutants/"]))
        .map(list)
        .collect()
}

fn list(source: Source) -> List {
    let content: Result<Content, _> = toml::from_str(&source.text);
    match content {
        Ok(content) => List {
            path: source.path,
            mutants: content.mutant,
        },
        Err(error) => panic!("{}: {error}", source.path),
    }
}

/// The marks in the sources: file, line from 1, name.
pub fn marks() -> Vec<(String, usize, String)> {
    let in_file = |source: &Source| {
        let marks = source.lines().filter_map(|(number, line)| {
            let (_, name) = line.split_once(MARK)?;
            Some((source.path.clone(), number, name.trim().to_owned()))
        });
        marks.collect::<Vec<_>>()
    };
    sources::with_endings(&[".rs", ".ld", ".toml"])
        .iter()
        .filter(|source| source.is_in(&DEFENDED))
        .flat_map(in_file)
        .collect()
}

impl Mutant {
    /// The trial of the guests that notices it, if one does.
    pub fn trial(&self) -> Option<&str> {
        match &self.way {
            Way::Trial { trial } => Some(trial),
            Way::Patch(patch) => patch.unit_test().is_none().then_some(&patch.test),
        }
    }

    /// The name of its defence.
    pub fn mark(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }
}

impl Patch {
    /// `text` with the change.
    ///
    /// # Errors
    ///
    /// The place is not there, or there more than once.
    pub fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.replace).count() {
            1 => Ok(text.replace(&self.replace, &self.with)),
            count => Err(format!(
                "{}: {:?} stands there {count} times",
                self.file, self.replace
            )),
        }
    }

    /// The package and the name of a unit test, or of one of the test target that is named
    /// behind the package and a slash; none for a trial of the guests.
    pub fn unit_test(&self) -> Option<(&str, &str)> {
        let (package, test) = self.test.split_once("::")?;
        let name = package.split_once('/').map_or(package, |(name, _)| name);
        let folder = match name.strip_prefix("cell-") {
            Some("net") => "kernel-safe/net".into(),
            Some(cell) => format!("kernel-unsafe/{cell}"),
            None => name.into(),
        };
        let folder = sources::root().join(folder);
        (folder.join("Cargo.toml").is_file()).then_some((package, test))
    }
}

/// The patterns that mean no mutant of the lists, and no trial that makes one.
pub fn unlisted(patterns: impl IntoIterator<Item = String>) -> Vec<String> {
    let lists = lists();
    let mutants = lists.iter().flat_map(|list| &list.mutants);
    let names: Vec<&str> = mutants
        .flat_map(|it| [Some(it.name.as_str()), it.trial()])
        .flatten()
        .collect();
    let is_there = |pattern: &String| names.iter().any(|name| is_meant(pattern, name));
    let patterns = patterns.into_iter();
    patterns.filter(|pattern| !is_there(pattern)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(replace: &str, test: &str) -> Patch {
        Patch {
            file: "some".into(),
            replace: replace.into(),
            with: "x".into(),
            test: test.into(),
        }
    }

    #[test]
    fn a_change_has_one_place() {
        assert_eq!(patch("b", "").apply("abc"), Ok("axc".into()));
        assert!(patch("d", "").apply("abc").is_err());
        assert!(patch("a", "").apply("aba").is_err());
    }

    #[test]
    fn unit_tests_are_told_from_trials() {
        let unit = patch("", "kernel-safe::wait::tests::some");
        assert_eq!(unit.unit_test(), Some(("kernel-safe", "wait::tests::some")));
        let cell = patch("", "cell-net::stack::tests::some");
        assert_eq!(cell.unit_test(), Some(("cell-net", "stack::tests::some")));
        let other = patch("", "cell-net/tcp::ends::some");
        assert_eq!(other.unit_test(), Some(("cell-net/tcp", "ends::some")));
        assert_eq!(patch("", "gates::some").unit_test(), None);
    }
}
