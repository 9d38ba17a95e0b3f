//! The tests of a package, each a program of its own.
//!
//! Cargo knows unit tests of a library, of a binary or of an example, and
//! integration tests. Each is built with libtest's runner that knows how to
//! give a verdict where a panic aborts, because no panic unwinds here.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Package, Target};

use super::BuildError;
use super::program::{self, Program};
use super::toolchain::Toolchain;

/// A package with the tests that it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestPackage {
    /// The package's name.
    pub name: String,
    /// Its manifest.
    pub manifest: PathBuf,
    /// Its tests, in cargo's order.
    pub targets: Vec<TestTarget>,
    /// Whether its library may have documentation tests, which are not run.
    pub has_doc_tests: bool,
}

/// Tests that make one program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestTarget {
    /// What they test.
    pub kind: TestKind,
    /// The target's name.
    pub name: String,
    /// Its source file, as seen from the package.
    pub source: PathBuf,
    /// Whether cargo tests it when it is not asked for.
    pub by_default: bool,
    /// Whether libtest runs it, and not a `main` of its own.
    pub has_harness: bool,
}

/// What kind of target tests are part of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TestKind {
    /// The library.
    Lib,
    /// A binary.
    Bin,
    /// An example.
    Example,
    /// Integration tests.
    Test,
}

impl TestTarget {
    /// The flags by which cargo chooses this target alone.
    pub fn flags(&self) -> Vec<String> {
        let flag = match self.kind {
            TestKind::Lib => return vec!["--lib".into()],
            TestKind::Bin => "--bin",
            TestKind::Example => "--example",
            TestKind::Test => "--test",
        };
        vec![flag.into(), self.name.clone()]
    }
}

/// As cargo announces it.
impl fmt::Display for TestTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.kind {
            TestKind::Test => "",
            _ => "unittests ",
        };
        write!(f, "{unit}{}", self.source.display())
    }
}

/// Two functions for numbers of 128 bits, under the names that the compiler
/// gives them where it expects a C library.
const C_NAMES: [&str; 2] = [
    "-Clink-arg=--defsym=fmodl=fmodf128",
    "-Clink-arg=--defsym=fmal=fmaf128",
];

/// Finds the package at `path` and its tests.
pub(super) fn find(
    toolchain: &Toolchain,
    path: Option<&Path>,
    arguments: &[OsString],
) -> Result<TestPackage, BuildError> {
    let manifest = program::manifest(path.unwrap_or(Path::new(".")))?;
    let metadata = program::metadata(toolchain, &manifest)?;
    let chosen = program::value_of(arguments, "-p", "--package");
    let package = program::package(&metadata, &manifest, chosen)?;
    let library = package.targets.iter().find(|target| is_library(target));
    let written = written(package)?;
    let mut targets: Vec<TestTarget> = package
        .targets
        .iter()
        .filter_map(|target| test_target(package, target, &written))
        .collect();
    targets.sort_by_key(|target| target.kind);
    Ok(TestPackage {
        name: package.name.to_string(),
        manifest: package.manifest_path.clone().into_std_path_buf(),
        targets,
        has_doc_tests: library.is_some_and(|library| library.doctest),
    })
}

/// The program that these tests make.
pub(super) fn choose(
    toolchain: &Toolchain,
    path: Option<&Path>,
    arguments: &[OsString],
    target: &TestTarget,
) -> Result<Program, BuildError> {
    let manifest = program::manifest(path.unwrap_or(Path::new(".")))?;
    let metadata = program::metadata(toolchain, &manifest)?;
    let chosen = program::value_of(arguments, "-p", "--package");
    let package = program::package(&metadata, &manifest, chosen.clone())?;
    let mut choice = target.flags();
    if chosen.is_none() {
        choice.extend(["--package".into(), package.name.to_string()]);
    }
    let label = target.flags().join("-");
    let label = label.trim_start_matches('-');
    Ok(Program {
        manifest,
        workspace: metadata.workspace_root.clone().into_std_path_buf(),
        members: program::members(&metadata),
        name: target.name.clone(),
        label: format!("{}.{label}-tests", package.name),
        choice,
        is_test: true,
    })
}

/// Has the last call of the compiler make tests that run where panics abort,
/// and keeps a manifest's own `panic` out of it: cargo would build the library
/// for one strategy and its tests for another.
pub(super) fn prepare(command: &mut Command) {
    for profile in ["DEV", "RELEASE"] {
        command.env(format!("CARGO_PROFILE_{profile}_PANIC"), "unwind");
    }
    command.arg("-Zpanic_abort_tests").args(C_NAMES);
}

fn is_library(target: &Target) -> bool {
    target.is_lib() || target.is_rlib() || target.is_dylib() || target.is_cdylib()
}

/// The manifest as it was written: cargo tells everything but `harness`.
fn written(package: &Package) -> Result<toml::Table, BuildError> {
    let path = package.manifest_path.as_std_path();
    let text = fs::read_to_string(path).map_err(BuildError::io("read", path))?;
    text.parse().map_err(|error| BuildError::Metadata {
        why: format!("{}: {error}", path.display()),
    })
}

/// Whether the manifest leaves a target's tests to libtest.
fn has_harness(written: &toml::Table, kind: TestKind, name: &str) -> bool {
    let key = match kind {
        TestKind::Lib => "lib",
        TestKind::Bin => "bin",
        TestKind::Example => "example",
        TestKind::Test => "test",
    };
    let says_no = |table: &toml::Value| {
        let is_it =
            kind == TestKind::Lib || table.get("name").and_then(|it| it.as_str()) == Some(name);
        is_it && table.get("harness").and_then(|it| it.as_bool()) == Some(false)
    };
    !match written.get(key) {
        Some(toml::Value::Array(tables)) => tables.iter().any(says_no),
        Some(table) => says_no(table),
        None => false,
    }
}

fn test_target(
    package: &Package,
    target: &Target,
    written: &toml::Table,
) -> Option<TestTarget> {
    let kind = match target {
        target if is_library(target) => TestKind::Lib,
        target if target.is_bin() => TestKind::Bin,
        target if target.is_example() => TestKind::Example,
        target if target.is_test() => TestKind::Test,
        _ => return None,
    };
    let folder = package.manifest_path.parent()?;
    let source = target.src_path.strip_prefix(folder);
    Some(TestTarget {
        kind,
        name: target.name.clone(),
        source: source.unwrap_or(&target.src_path).into(),
        by_default: target.test,
        has_harness: has_harness(written, kind, &target.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: TestKind) -> TestTarget {
        TestTarget {
            kind,
            name: "it".into(),
            source: "src/lib.rs".into(),
            by_default: true,
            has_harness: true,
        }
    }

    #[test]
    fn only_the_manifest_tells_of_a_missing_harness() {
        let written = "[[test]]\nname = 'own'\nharness = false\n[lib]\nharness = false";
        let written: toml::Table = written.parse().expect("a manifest");
        assert!(!has_harness(&written, TestKind::Test, "own"));
        assert!(has_harness(&written, TestKind::Test, "other"));
        assert!(!has_harness(&written, TestKind::Lib, "any"));
        assert!(has_harness(&written, TestKind::Bin, "own"));
    }

    #[test]
    fn a_target_is_chosen_and_announced_as_cargo_does() {
        assert_eq!(target(TestKind::Lib).flags(), ["--lib"]);
        assert_eq!(target(TestKind::Test).flags(), ["--test", "it"]);
        assert_eq!(target(TestKind::Bin).to_string(), "unittests src/lib.rs");
        assert_eq!(target(TestKind::Test).to_string(), "src/lib.rs");
    }
}
