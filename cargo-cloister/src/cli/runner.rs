//! `cargo cloister runner`: plain `cargo run` for the guest's target.
//!
//! Cargo calls `runner = "cargo-cloister runner"` with the path of what it
//! built. That file lacks the kernels and the layer between std and them, so
//! the package is built again by us; what the path tells, profile and target,
//! is kept. Features given to cargo leave no trace in the path and are not.
//! What `cargo test` built is known by the source that cargo notes beside it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::cargo::CargoOptions;
use super::failure::{Failure, report};
use super::run::{Run, RunOptions};
use super::subject::BuildOptions;
use super::test::Test;
use domains::Isolation;

use super::choices;

/// Boot what cargo has built, as the runner of its target.
///
/// Put `runner = "cargo-cloister runner"` under
/// `[target.x86_64-unknown-hermit]` in cargo's configuration.
/// `CLOISTER_ISOLATION` chooses mpk or none.
#[derive(Args, Debug)]
pub(super) struct Runner {
    /// How the image keeps its domains apart [default: mpk]
    #[arg(long, value_name = "MODE", env = "CLOISTER_ISOLATION",
          value_parser = choices::isolation())]
    isolation: Option<Isolation>,
    /// What cargo built
    executable: PathBuf,
    /// Arguments for the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Runner {
    pub(super) fn run(self) -> Result<u8, Failure> {
        if let Some(tests) = Tests::of(&self.executable) {
            return self.test(&tests);
        }
        let target = Target::of(&self.executable).ok_or_else(|| {
            let message = format!(
                "`{}` is no program that cargo built",
                self.executable.display()
            );
            let help = "the runner is for binaries, examples and tests";
            Failure::build(report(message, help))
        })?;
        let package = package()?;
        let cargo = CargoOptions::for_target(target.kind, target.name, target.profile);
        let options = BuildOptions {
            isolation: self.isolation,
            cargo,
            ..BuildOptions::default()
        };
        let how = RunOptions::with_arguments(self.arguments);
        Run::of(package, options, how).run()
    }

    fn test(self, tests: &Tests) -> Result<u8, Failure> {
        let cargo = CargoOptions::for_profile(tests.profile.clone());
        let how = RunOptions::with_arguments(self.arguments);
        Test::of(package()?, self.isolation, cargo, how).only(&tests.source)
    }
}

/// The package that cargo is about.
fn package() -> Result<PathBuf, Failure> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package.ok_or_else(|| {
        let help = "boot a packed image with `cargo cloister run IMAGE`";
        Failure::usage("only cargo calls the runner", help)
    })
}

/// Tests that cargo built.
#[derive(PartialEq, Eq, Debug)]
struct Tests {
    profile: String,
    source: PathBuf,
}

impl Tests {
    /// Reads `…/<profile>/deps/<name>`, and beside it `<name>.d`.
    fn of(executable: &Path) -> Option<Tests> {
        let deps = executable
            .parent()
            .filter(|folder| folder.ends_with("deps"))?;
        let profile = deps.parent()?.file_name()?.to_str()?;
        let noted = fs::read_to_string(executable.with_extension("d")).ok()?;
        let (_, sources) = noted.split_once(": ")?;
        Some(Tests {
            profile: profile.to_owned(),
            source: sources.split_whitespace().next()?.into(),
        })
    }
}

/// A target of a package, as the path of its file tells.
#[derive(PartialEq, Eq, Debug)]
struct Target {
    kind: &'static str,
    name: String,
    profile: String,
}

impl Target {
    /// Reads `…/<profile>/<name>` or `…/<profile>/examples/<name>`.
    fn of(executable: &Path) -> Option<Target> {
        let name = executable.file_stem()?.to_str()?.to_owned();
        let directory = executable.parent()?;
        let (kind, profile) = match directory.file_name()?.to_str()? {
            "examples" => ("example", directory.parent()?.file_name()?.to_str()?),
            "deps" => return None,
            profile => ("bin", profile),
        };
        let profile = if profile == "debug" { "dev" } else { profile }.to_owned();
        Some(Target {
            kind,
            name,
            profile,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Option<(&'static str, String, String)> {
        Target::of(Path::new(path)).map(|target| (target.kind, target.name, target.profile))
    }

    #[test]
    fn tests_are_known_by_the_source_that_is_noted_beside_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let deps = folder.path().join("release/deps");
        fs::create_dir_all(&deps).expect("a folder");
        let note = "/t/deps/hello-01.d: src/lib.rs src/other.rs\n\nsrc/lib.rs:\n";
        fs::write(deps.join("hello-01.d"), note).expect("a file");
        let expected = Tests {
            profile: "release".into(),
            source: "src/lib.rs".into(),
        };
        assert_eq!(Tests::of(&deps.join("hello-01")), Some(expected));
        assert_eq!(Tests::of(&deps.join("other")), None);
        assert_eq!(Tests::of(Path::new("release/hello")), None);
    }

    #[test]
    fn a_path_tells_target_and_profile() {
        assert_eq!(
            target("target/x86_64-unknown-hermit/debug/hello"),
            Some(("bin", "hello".into(), "dev".into()))
        );
        assert_eq!(
            target("target/x86_64-unknown-hermit/release/examples/demo"),
            Some(("example", "demo".into(), "release".into()))
        );
        assert_eq!(
            target("target/x86_64-unknown-hermit/debug/deps/hello-0123"),
            None
        );
    }
}
