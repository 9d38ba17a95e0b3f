//! A benchmark without walls and with, side by side.

use std::path::PathBuf;

use clap::Args;
use domains::Isolation;

use super::figures::{Comparison, Figure, parse};
use super::measure::Benchmark;
use crate::cli::choices::Output;
use crate::cli::failure::Failure;
use crate::cli::show;

/// What every table takes.
#[derive(Args, Debug)]
pub(super) struct Table {
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

impl Table {
    /// Prints the table of the benchmark called `name`.
    pub(super) fn run(self, name: &'static str, test_hooks: bool) -> Result<u8, Failure> {
        let benchmark = Benchmark::find(self.path.clone(), name, test_hooks)?;
        let none = self.measure(&benchmark, Isolation::None)?;
        let mpk = self.measure(&benchmark, Isolation::Mpk)?;
        let comparison = Comparison::new(none, &mpk);
        match self.output {
            Output::Human => show::line(&comparison)?,
            Output::Json => show::line(comparison.json())?,
        }
        let exceeded = comparison.exceeds_a_budget();
        Ok(if self.check && exceeded { 1 } else { 0 })
    }

    /// Builds the benchmark and runs it with time counted in instructions.
    fn measure(
        &self,
        benchmark: &Benchmark,
        isolation: Isolation,
    ) -> Result<Vec<Figure>, Failure> {
        let spec = benchmark.build(isolation, self.timeout)?;
        let heard = benchmark.boot(&spec)?;
        match parse(&heard.stdout) {
            figures if figures.is_empty() => Err(benchmark.gave_none(&spec, heard)),
            figures => Ok(figures),
        }
    }
}
