//! `cargo cloister runner`: plain `cargo run` for the guest's target.
//!
//! Cargo calls `runner = "cargo-cloister runner"` with the path of what it
//! built. That file lacks the kernels and the layer between std and them, so
//! the package is built again by us; what the path tells, profile and target,
//! is kept. Features given to cargo leave no trace in the path and are not.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use super::cargo::CargoOptions;
use super::failure::{Failure, report};
use super::run::{Run, RunOptions};
use super::subject::BuildOptions;
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
        let target = Target::of(&self.executable).ok_or_else(|| {
            let message = format!(
                "`{}` is no program that cargo built",
                self.executable.display()
            );
            Failure::build(report(message, "the runner is for binaries and examples"))
        })?;
        let package = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| {
            let help = "boot a packed image with `cargo cloister run IMAGE`";
            Failure::usage("only cargo calls the runner", help)
        })?;
        let cargo = CargoOptions::for_target(target.kind, target.name, target.profile);
        let options = BuildOptions {
            isolation: self.isolation,
            cargo,
            ..BuildOptions::default()
        };
        let how = RunOptions::with_arguments(self.arguments);
        Run::of(package.into(), options, how).run()
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
