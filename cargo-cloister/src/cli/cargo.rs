//! Cargo's own flags, which keep their meaning.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use crate::report::Detail;

mod refused;

pub(super) use refused::Refused;

/// What is passed on to cargo.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cargo's own options")]
pub(super) struct CargoOptions {
    /// Build with optimisations
    #[arg(short, long)]
    release: bool,
    /// Build with this profile
    #[arg(long, value_name = "NAME", conflicts_with = "release")]
    profile: Option<String>,
    /// Package of the workspace to build
    #[arg(short, long, value_name = "SPEC")]
    pub(super) package: Option<String>,
    /// Binary to build
    #[arg(long, value_name = "NAME", conflicts_with = "example")]
    bin: Option<String>,
    /// Example to build
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
    /// Features to activate
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    all_features: bool,
    /// Do not activate the `default` feature
    #[arg(long)]
    no_default_features: bool,
    /// Say more; twice for very much
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Say nothing that is not an error
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Require the lock file to stay as it is
    #[arg(long)]
    locked: bool,
    /// Do without the network
    #[arg(long)]
    offline: bool,
    /// Both --locked and --offline
    #[arg(long)]
    frozen: bool,
    /// Build for a package that asks for a newer Rust as well
    #[arg(long)]
    ignore_rust_version: bool,
    /// When to colour cargo's messages
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    color: Option<String>,
    /// Build what can be built after an error, too
    #[arg(long)]
    keep_going: bool,
    /// Write a report of how long everything took
    #[arg(long)]
    timings: bool,
    /// How many jobs run at once
    #[arg(short, long, value_name = "N")]
    jobs: Option<String>,
    /// Directory for what is built
    #[arg(long, value_name = "DIRECTORY")]
    target_dir: Option<PathBuf>,
    /// Override a configuration value
    #[arg(long, value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// Set one of cargo's unstable flags
    #[arg(short = 'Z', value_name = "FLAG")]
    unstable: Vec<String>,
}

impl CargoOptions {
    /// Options for one binary or example with a profile, as the runner knows
    /// them from the path of what cargo built.
    pub(super) fn for_target(kind: &str, name: String, profile: String) -> CargoOptions {
        let mut options = CargoOptions {
            profile: Some(profile),
            ..CargoOptions::default()
        };
        match kind {
            "example" => options.example = Some(name),
            _ => options.bin = Some(name),
        }
        options
    }

    /// The same options for cargo to build tests with, and the binary and the
    /// example that were chosen.
    pub(super) fn for_tests(&self) -> Result<TestOptions, Failure> {
        let profile = match (self.profile.as_deref(), self.release) {
            (None | Some("dev" | "test"), false) => "test",
            (_, true) | (Some("release" | "bench"), _) => "bench",
            (Some(other), false) => {
                let message = format!("tests cannot be built with the profile `{other}`");
                return Err(Failure::usage(message, "leave it away, or use `--release`"));
            }
        };
        let options = CargoOptions {
            release: false,
            profile: Some(profile.to_owned()),
            bin: None,
            example: None,
            ..self.clone()
        };
        Ok(TestOptions {
            arguments: options.arguments(),
            bin: self.bin.clone(),
            example: self.example.clone(),
        })
    }

    /// Options for tests that cargo put into the folder of this profile.
    pub(super) fn for_profile(folder: String) -> CargoOptions {
        CargoOptions {
            profile: (folder != "debug").then_some(folder),
            ..CargoOptions::default()
        }
    }

    /// How much is told of a run that goes well.
    pub(super) fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::None,
            (false, 0) => Detail::Usual,
            (false, _) => Detail::All,
        }
    }

    /// The first option that matters only if something is built.
    pub(super) fn only_for_building(&self) -> Option<OsString> {
        let others = CargoOptions {
            verbose: 0,
            quiet: false,
            color: None,
            ..self.clone()
        };
        others.arguments().into_iter().next()
    }

    /// The same options for cargo.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut list = List::default();
        list.flag("--release", self.release);
        list.values("--profile", &self.profile);
        list.values("--package", &self.package);
        list.values("--bin", &self.bin);
        list.values("--example", &self.example);
        list.values("--features", &self.features);
        list.flag("--all-features", self.all_features);
        list.flag("--no-default-features", self.no_default_features);
        (0..self.verbose).for_each(|_| list.flag("--verbose", true));
        list.flag("--quiet", self.quiet);
        list.flag("--locked", self.locked);
        list.flag("--offline", self.offline);
        list.flag("--frozen", self.frozen);
        list.flag("--ignore-rust-version", self.ignore_rust_version);
        list.values("--color", &self.color);
        list.flag("--keep-going", self.keep_going);
        list.flag("--timings", self.timings);
        list.values("--jobs", &self.jobs);
        list.values("--target-dir", &self.target_dir);
        list.values("--config", &self.config);
        list.values("-Z", &self.unstable);
        list.0
    }
}

/// What [`CargoOptions`] say for tests.
pub(super) struct TestOptions {
    pub(super) arguments: Vec<OsString>,
    pub(super) bin: Option<String>,
    pub(super) example: Option<String>,
}

#[derive(Default)]
struct List(Vec<OsString>);

impl List {
    fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.0.push(name.into());
        }
    }

    fn values<'a, T>(&mut self, name: &str, values: impl IntoIterator<Item = &'a T>)
    where
        T: AsRef<OsStr> + 'a,
    {
        for value in values {
            self.0.extend([name.into(), value.as_ref().to_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        cargo: CargoOptions,
    }

    fn passed_on(line: &[&str]) -> Vec<OsString> {
        Line::try_parse_from([&["x"], line].concat())
            .expect("valid options")
            .cargo
            .arguments()
    }

    #[test]
    fn options_reach_cargo_with_their_values() {
        assert_eq!(
            passed_on(&[
                "-r",
                "-p",
                "hello",
                "-F",
                "a,b",
                "--features=c",
                "-vv",
                "--offline"
            ]),
            [
                "--release",
                "--package",
                "hello",
                "--features",
                "a,b",
                "--features",
                "c",
                "--verbose",
                "--verbose",
                "--offline"
            ]
        );
        assert!(passed_on(&[]).is_empty());
    }

    #[test]
    fn options_of_cargo_itself_reach_it_too() {
        let line = ["--color", "never", "--keep-going", "-Z", "unstable-options"];
        let line = [&["--ignore-rust-version"], &line[..]].concat();
        assert_eq!(passed_on(&line), line);
        assert_eq!(
            passed_on(&["--timings", "--frozen"]),
            ["--frozen", "--timings"]
        );
    }

    #[test]
    fn what_says_how_much_to_print_is_not_only_for_building() {
        let first = |line: &[&str]| {
            let line = Line::try_parse_from([&["x"], line].concat()).expect("valid options");
            line.cargo.only_for_building()
        };
        assert_eq!(first(&["-v", "--color=never"]), None);
        assert_eq!(first(&["-q", "-F", "a"]), Some("--features".into()));
    }

    #[test]
    fn the_runner_names_one_target() {
        let options = CargoOptions::for_target("example", "demo".into(), "dev".into());
        assert_eq!(
            options.arguments(),
            ["--profile", "dev", "--example", "demo"]
        );
    }
}
