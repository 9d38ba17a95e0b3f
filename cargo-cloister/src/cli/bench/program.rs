//! Building and booting a program that measures.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domains::Isolation;

use super::counts::Counts;
use crate::build::{self, BuildRequest};
use crate::cli::failure::{Failure, report};
use crate::cli::progress::Progress;
use crate::cli::walls;
use crate::vm::{self, Capture, Counter, Input, Sink, Spec};

/// What a benchmark is built with: optimised as for release, but not for
/// release, because some figures are taken inside the kernels by the core's
/// test hooks.
pub(super) const PROFILE: [&str; 4] = [
    "--config",
    "profile.measure.inherits=\"release\"",
    "--profile",
    "measure",
];

/// Whether a benchmark has footholds in the kernels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kernels {
    /// As everybody's.
    Plain,
    /// With the core's test hooks, by which it measures inside of them.
    Hooked,
}

/// A program that measures.
#[derive(Debug)]
pub(super) struct Benchmark {
    package: PathBuf,
    kernels: Kernels,
}

/// What a benchmark said, and how it ended.
#[derive(Debug)]
pub(super) struct Heard {
    status: u8,
    /// Its standard output.
    pub(super) stdout: String,
    stderr: String,
}

impl Benchmark {
    /// The benchmark in `path`, or else the one that comes with this tool
    /// under `name`.
    pub(super) fn find(
        path: Option<PathBuf>,
        name: &str,
        kernels: Kernels,
    ) -> Result<Benchmark, Failure> {
        let package = match path {
            Some(path) => path,
            None => build::benchmark(name).map_err(Failure::build)?,
        };
        Ok(Benchmark { package, kernels })
    }

    /// Builds it; a run with time counted in instructions.
    pub(super) fn build(&self, isolation: Isolation, timeout: u64) -> Result<Spec, Failure> {
        let progress = Progress::start(false);
        let request = BuildRequest {
            path: Some(self.package.clone()),
            isolation,
            cargo_args: PROFILE.map(Into::into).to_vec(),
            output: None,
            test_hooks: self.kernels == Kernels::Hooked,
            without: Vec::new(),
            tests: None,
            rootfs: None,
        };
        let built =
            build::build(&request, &|what| progress.say(what)).map_err(Failure::build)?;
        Ok(Spec {
            counted: true,
            input: Input::Silent,
            entropy_device: false,
            timeout: Some(Duration::from_secs(timeout)),
            ..Spec::new(built.image, built.program, isolation)
        })
    }

    /// Boots it with these arguments, until it ends with status 0.
    pub(super) fn boot(&self, spec: &Spec, arguments: &[&str]) -> Result<Heard, Failure> {
        let mut heard = Capture::default();
        let status = listen(spec, arguments, &mut heard)?;
        let heard = Heard {
            status,
            stdout: String::from_utf8_lossy(&heard.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&heard.stderr).into_owned(),
        };
        match status {
            0 => Ok(heard),
            _ => Err(self.gave_none(spec, arguments, heard)),
        }
    }

    /// Boots it with these arguments and with QEMU's `plugin` that counts; what
    /// it said, and what was counted.
    pub(super) fn count(
        &self,
        spec: &Spec,
        plugin: &Path,
        arguments: &[&str],
    ) -> Result<(Heard, Counts), Failure> {
        counted(spec, plugin, |spec| self.boot(spec, arguments))
    }

    /// The complaint about a run that was in vain.
    pub(super) fn gave_none(&self, spec: &Spec, arguments: &[&str], heard: Heard) -> Failure {
        let message = format!(
            "`{}` gave no figures with {arguments:?} and isolation {}: it ended with status {}",
            self.package.display(),
            spec.isolation,
            heard.status
        );
        Failure::new(heard.status.max(1), report(message, heard.stderr))
    }
}

/// Boots `spec` with these arguments, while `sink` listens; the status.
pub(super) fn listen(
    spec: &Spec,
    arguments: &[&str],
    sink: &mut dyn Sink,
) -> Result<u8, Failure> {
    walls::warn(spec);
    let progress = Progress::start(false);
    let words = arguments.join(" ");
    progress.say(&format!("measuring {} {words}", spec.isolation));
    let ending = vm::run(&with_arguments(spec, arguments), sink)?;
    match ending.problem {
        Some(problem) => Err(problem.into()),
        None => Ok(ending.status),
    }
}

/// What `boot` gives for a run in which QEMU's `plugin` counts, and the counts.
pub(super) fn counted<R>(
    spec: &Spec,
    plugin: &Path,
    boot: impl FnOnce(&Spec) -> Result<R, Failure>,
) -> Result<(R, Counts), Failure> {
    let folder = tempfile::tempdir().map_err(no_counts)?;
    let counts = folder.path().join("counts");
    let counter = Counter::new(plugin.to_owned(), counts.clone());
    let result = boot(&Spec {
        counter: Some(counter),
        ..spec.clone()
    })?;
    let text = fs::read(&counts).map_err(no_counts)?;
    Ok((result, serde_json::from_slice(&text).map_err(no_counts)?))
}

fn with_arguments(spec: &Spec, arguments: &[&str]) -> Spec {
    let mut spec = spec.clone();
    let words = arguments.iter().map(|word| word.as_bytes().to_vec());
    spec.options.arguments.extend(words);
    spec
}

/// Builds QEMU's plugin that counts; its file.
pub(super) fn counter() -> Result<PathBuf, Failure> {
    let progress = Progress::start(false);
    build::counter(&|what| progress.say(what)).map_err(Failure::build)
}

fn no_counts(why: impl Display) -> Failure {
    let message = format!("QEMU's plugin gave no counts: {why}");
    let help = "the plugin is for QEMU 7.2 to 10; CLOISTER_QEMU names another QEMU";
    Failure::new(1, report(message, help))
}
