//! Which of a package's tests are run, chosen as cargo has it.

use clap::Args;

use crate::build::{TestKind, TestPackage, TestTarget};
use crate::cli::failure::{Failure, report};

/// Cargo's options that choose targets.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Choosing tests")]
pub(super) struct Chosen {
    /// The library's unit tests
    #[arg(long)]
    lib: bool,
    /// The unit tests of all binaries
    #[arg(long)]
    bins: bool,
    /// The tests of all examples
    #[arg(long)]
    examples: bool,
    /// These integration tests
    #[arg(long, value_name = "NAME")]
    test: Vec<String>,
    /// All targets that are tested by default
    #[arg(long)]
    tests: bool,
}

impl Chosen {
    /// The tests of `package` that are wanted: cargo's default where nothing
    /// was chosen.
    pub(super) fn of(
        &self,
        package: &TestPackage,
        bin: Option<&str>,
        example: Option<&str>,
    ) -> Result<Vec<TestTarget>, Failure> {
        let named = self
            .test
            .iter()
            .map(|name| (TestKind::Test, name.as_str()))
            .chain(bin.map(|name| (TestKind::Bin, name)))
            .chain(example.map(|name| (TestKind::Example, name)));
        let named: Vec<(TestKind, &str)> = named.collect();
        for (kind, name) in &named {
            let is_it = |target: &TestTarget| target.kind == *kind && target.name == *name;
            if !package.targets.iter().any(is_it) {
                return Err(no_such(package, *kind, name));
            }
        }
        let nothing = named.is_empty() && !(self.lib || self.bins || self.examples);
        let by_default = self.tests || nothing;
        let wanted = |target: &&TestTarget| {
            by_default && target.by_default
                || self.lib && target.kind == TestKind::Lib
                || self.bins && target.kind == TestKind::Bin
                || self.examples && target.kind == TestKind::Example
                || named.contains(&(target.kind, target.name.as_str()))
        };
        let targets: Vec<TestTarget> = package.targets.iter().filter(wanted).cloned().collect();
        match targets.is_empty() {
            false => Ok(targets),
            true => Err(none_at_all(package)),
        }
    }
}

fn no_such(package: &TestPackage, kind: TestKind, name: &str) -> Failure {
    let names = package
        .targets
        .iter()
        .filter(|target| target.kind == kind)
        .map(|target| target.name.as_str());
    let names: Vec<&str> = names.collect();
    let help = match names.is_empty() {
        true => "it has none of that kind".to_owned(),
        false => format!("there are: {}", names.join(", ")),
    };
    let message = format!("`{}` has no target `{name}` to test", package.name);
    Failure::build(report(message, help))
}

fn none_at_all(package: &TestPackage) -> Failure {
    let message = format!("`{}` has nothing of that kind to test", package.name);
    Failure::build(report(message, "leave the choice away to run all tests"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> TestPackage {
        let target = |kind, name: &str, by_default| TestTarget {
            kind,
            name: name.into(),
            source: "src/lib.rs".into(),
            by_default,
            has_harness: true,
        };
        TestPackage {
            name: "p".into(),
            manifest: "Cargo.toml".into(),
            targets: vec![
                target(TestKind::Lib, "p", true),
                target(TestKind::Bin, "p", true),
                target(TestKind::Example, "e", false),
                target(TestKind::Test, "t", true),
            ],
            has_doc_tests: false,
        }
    }

    fn kinds(chosen: &Chosen, bin: Option<&str>) -> Vec<TestKind> {
        let targets = chosen.of(&package(), bin, None).ok();
        let targets = targets.unwrap_or_default();
        targets.iter().map(|target| target.kind).collect()
    }

    #[test]
    fn without_a_choice_it_is_cargos_own() {
        let all = [TestKind::Lib, TestKind::Bin, TestKind::Test];
        assert_eq!(kinds(&Chosen::default(), None), all);
    }

    #[test]
    fn choices_add_up() {
        let chosen = Chosen {
            lib: true,
            examples: true,
            ..Chosen::default()
        };
        assert_eq!(kinds(&chosen, None), [TestKind::Lib, TestKind::Example]);
        assert_eq!(kinds(&Chosen::default(), Some("p")), [TestKind::Bin]);
    }

    #[test]
    fn a_name_that_is_none_is_an_error() {
        let chosen = Chosen {
            test: vec!["unknown".into()],
            ..Chosen::default()
        };
        assert!(chosen.of(&package(), None, None).is_err());
    }
}
