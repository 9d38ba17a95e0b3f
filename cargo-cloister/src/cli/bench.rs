//! `cargo cloister bench`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use domains::Isolation;

use super::choices::Output;
use super::failure::{Failure, report};
use super::figures::{Comparison, Figure, parse};
use super::progress::Progress;
use super::show;
use crate::build::{self, BuildRequest};
use crate::vm::{self, Capture, Spec};

/// What the measuring program is built with: optimised as for release, but
/// not for release, because some figures are taken inside the kernels by the
/// core's test hooks.
const PROFILE: [&str; 4] = [
    "--config",
    "profile.measure.inherits=\"release\"",
    "--profile",
    "measure",
];

/// Measure what the walls cost.
#[derive(Args, Debug)]
pub(super) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Calls, yields and switches, in instructions, without walls and with
    Gate(Gate),
}

#[derive(Args, Debug)]
struct Gate {
    /// The package that measures [default: the one that comes with this tool]
    path: Option<PathBuf>,
    /// Fail with status 1 if a figure exceeds its budget
    #[arg(long)]
    check: bool,
    /// Whom the output is for
    #[arg(long, value_name = "FORMAT", default_value_t)]
    output: Output,
    /// End each run after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

impl Bench {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.what {
            What::Gate(gate) => gate.run(),
        }
    }
}

impl Gate {
    fn run(self) -> Result<u8, Failure> {
        let package = match &self.path {
            Some(path) => path.clone(),
            None => build::gate_benchmark().map_err(Failure::build)?,
        };
        let none = self.measure(&package, Isolation::None)?;
        let mpk = self.measure(&package, Isolation::Mpk)?;
        let comparison = Comparison::new(none, &mpk);
        match self.output {
            Output::Human => show::line(&comparison)?,
            Output::Json => show::line(comparison.json())?,
        }
        let exceeded = comparison.exceeds_a_budget();
        Ok(if self.check && exceeded { 1 } else { 0 })
    }

    /// Builds the package and runs it with time counted in instructions.
    fn measure(&self, package: &Path, isolation: Isolation) -> Result<Vec<Figure>, Failure> {
        let progress = Progress::start(false);
        let request = BuildRequest {
            path: Some(package.to_owned()),
            isolation,
            cargo_args: PROFILE.map(Into::into).to_vec(),
            output: None,
            test_hooks: true,
        };
        let built =
            build::build(&request, &|what| progress.say(what)).map_err(Failure::build)?;
        progress.say(&format!("measuring with isolation {isolation}"));
        let spec = Spec {
            counted: true,
            timeout: Some(Duration::from_secs(self.timeout)),
            ..Spec::new(built.image, built.program, isolation)
        };
        figures_of(&spec, package)
    }
}

fn figures_of(spec: &Spec, package: &Path) -> Result<Vec<Figure>, Failure> {
    let mut heard = Capture::default();
    let ending = vm::run(spec, &mut heard)?;
    if let Some(problem) = ending.problem {
        return Err(problem.into());
    }
    let text = String::from_utf8_lossy(&heard.stdout).into_owned();
    let figures = parse(&text);
    if ending.status != 0 || figures.is_empty() {
        let message = format!(
            "`{}` gave no figures with isolation {}: it ended with status {}",
            package.display(),
            spec.isolation,
            ending.status
        );
        let said = String::from_utf8_lossy(&heard.stderr).into_owned();
        return Err(Failure::new(ending.status.max(1), report(message, said)));
    }
    Ok(figures)
}
