//! A benchmark without walls and with, side by side.

use domains::Isolation;

use super::Options;
use super::figures::{Comparison, Figure, parse};
use super::measure::Benchmark;
use crate::cli::failure::Failure;

/// Prints the table of the benchmark called `name`.
pub(super) fn run(options: &Options, name: &str, test_hooks: bool) -> Result<u8, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), name, test_hooks)?;
    let none = measure(options, &benchmark, Isolation::None)?;
    let mpk = measure(options, &benchmark, Isolation::Mpk)?;
    options.print(&Comparison::new(none, &mpk))
}

/// Builds the benchmark and runs it with time counted in instructions.
fn measure(
    options: &Options,
    benchmark: &Benchmark,
    isolation: Isolation,
) -> Result<Vec<Figure>, Failure> {
    let spec = benchmark.build(isolation, options.timeout)?;
    let heard = benchmark.boot(&spec)?;
    match parse(&heard.stdout) {
        figures if figures.is_empty() => Err(benchmark.gave_none(&spec, heard)),
        figures => Ok(figures),
    }
}
