//! Building and booting a program that measures.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domains::Isolation;

use crate::build::{self, BuildRequest};
use crate::cli::failure::{Failure, report};
use crate::cli::progress::Progress;
use crate::vm::{self, Capture, Counter, Spec};

/// What a benchmark is built with: optimised as for release, but not for
/// release, because some figures are taken inside the kernels by the core's
/// test hooks.
const PROFILE: [&str; 4] = [
    "--config",
    "profile.measure.inherits=\"release\"",
    "--profile",
    "measure",
];

/// A program that measures.
#[derive(Debug)]
pub(super) struct Benchmark {
    package: PathBuf,
    test_hooks: bool,
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
        test_hooks: bool,
    ) -> Result<Benchmark, Failure> {
        let package = match path {
            Some(path) => path,
            None => build::benchmark(name).map_err(Failure::build)?,
        };
        Ok(Benchmark {
            package,
            test_hooks,
        })
    }

    /// Builds it; a run with time counted in instructions.
    pub(super) fn build(&self, isolation: Isolation, timeout: u64) -> Result<Spec, Failure> {
        let progress = Progress::start(false);
        let request = BuildRequest {
            path: Some(self.package.clone()),
            isolation,
            cargo_args: PROFILE.map(Into::into).to_vec(),
            output: None,
            test_hooks: self.test_hooks,
            tests: None,
            rootfs: None,
        };
        let built =
            build::build(&request, &|what| progress.say(what)).map_err(Failure::build)?;
        Ok(Spec {
            counted: true,
            timeout: Some(Duration::from_secs(timeout)),
            ..Spec::new(built.image, built.program, isolation)
        })
    }

    /// Boots it, until it ends with status 0.
    pub(super) fn boot(&self, spec: &Spec) -> Result<Heard, Failure> {
        let progress = Progress::start(false);
        progress.say(&format!("measuring with isolation {}", spec.isolation));
        let mut heard = Capture::default();
        let ending = vm::run(spec, &mut heard)?;
        if let Some(problem) = ending.problem {
            return Err(problem.into());
        }
        let heard = Heard {
            status: ending.status,
            stdout: String::from_utf8_lossy(&heard.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&heard.stderr).into_owned(),
        };
        match heard.status {
            0 => Ok(heard),
            _ => Err(self.gave_none(spec, heard)),
        }
    }

    /// Boots it with these arguments and with QEMU's `plugin` that counts; what
    /// each CPU executed.
    pub(super) fn count(
        &self,
        spec: &Spec,
        plugin: &Path,
        arguments: &[&str],
    ) -> Result<Vec<u64>, Failure> {
        let folder = tempfile::tempdir().map_err(no_counts)?;
        let counts = folder.path().join("counts");
        let counter = Counter {
            plugin: plugin.to_owned(),
            counts: counts.clone(),
        };
        let mut spec = Spec {
            counter: Some(counter),
            ..spec.clone()
        };
        let arguments = arguments.iter().map(|word| word.as_bytes().to_vec());
        spec.options.arguments.extend(arguments);
        self.boot(&spec)?;
        let text = fs::read(&counts).map_err(no_counts)?;
        serde_json::from_slice(&text).map_err(no_counts)
    }

    /// The complaint about a run that was in vain.
    pub(super) fn gave_none(&self, spec: &Spec, heard: Heard) -> Failure {
        let message = format!(
            "`{}` gave no figures with isolation {}: it ended with status {}",
            self.package.display(),
            spec.isolation,
            heard.status
        );
        Failure::new(heard.status.max(1), report(message, heard.stderr))
    }
}

/// Builds QEMU's plugin that counts; its file.
pub(super) fn counter() -> Result<PathBuf, Failure> {
    let progress = Progress::start(false);
    build::counter(&|what| progress.say(what)).map_err(Failure::build)
}

fn no_counts(why: impl Display) -> Failure {
    let message = format!("QEMU's plugin gave no counts: {why}");
    let help = "CLOISTER_QEMU must name a QEMU that takes plugins, as Debian's does";
    Failure::new(1, report(message, help))
}
