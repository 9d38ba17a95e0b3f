//! A benchmark without walls and with, side by side.

use domains::Isolation;

use super::Options;
use super::figures::{Comparison, Figure, parse};
use super::program::Benchmark;
use crate::cli::failure::Failure;

/// Runs the benchmark called `name` with these arguments. Some take figures
/// inside the kernels, by `test_hooks`.
pub(super) fn measure(
    options: &Options,
    name: &str,
    test_hooks: bool,
    arguments: &[&str],
) -> Result<Comparison, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), name, test_hooks)?;
    let none = figures(options, &benchmark, Isolation::None, arguments)?;
    let mpk = figures(options, &benchmark, Isolation::Mpk, arguments)?;
    Ok(Comparison::new(none, &mpk))
}

/// Builds the benchmark and runs it with time counted in instructions.
fn figures(
    options: &Options,
    benchmark: &Benchmark,
    isolation: Isolation,
    arguments: &[&str],
) -> Result<Vec<Figure>, Failure> {
    let spec = benchmark.build(isolation, options.timeout())?;
    let heard = benchmark.boot(&spec, arguments)?;
    match parse(&heard.stdout) {
        figures if figures.is_empty() => Err(benchmark.gave_none(&spec, arguments, heard)),
        figures => Ok(figures),
    }
}
