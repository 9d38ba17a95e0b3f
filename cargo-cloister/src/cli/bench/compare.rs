//! A benchmark without walls and with, side by side.
//!
//! It runs twice in each mode, and must print the same both times, to the last
//! digit: what is counted in instructions, without input from the host, is the
//! same in every run.

use domains::Isolation;

use super::Options;
use super::figures::{Comparison, Figure, least, parse};
use super::jobs;
use super::program::{Benchmark, Heard};
use crate::cli::failure::{Failure, report};
use crate::vm::Spec;

/// Runs `benchmark` with these arguments.
pub(super) fn measure(
    options: &Options,
    benchmark: &Benchmark,
    arguments: &[&str],
) -> Result<Comparison, Failure> {
    let specs = specs(options, benchmark)?;
    // Each mode twice, all side by side.
    let runs = [&specs[0], &specs[0], &specs[1], &specs[1]];
    let heard = jobs::all(&runs, |spec| benchmark.boot(spec, arguments))?;
    let [first, second, third, fourth] = <[Heard; 4]>::try_from(heard).expect("four runs");
    same(&first, &second, arguments)?;
    same(&third, &fourth, arguments)?;
    let none = figures(benchmark, &specs[0], arguments, first)?;
    let mpk = figures(benchmark, &specs[1], arguments, third)?;
    Ok(Comparison::new(none, &mpk))
}

/// How often a run is made that waits for the host.
const RUNS: usize = 3;

/// The same in a machine with every device, and the least of several runs: boot asks
/// the source of entropy for the keys of the first table, and looks for its answer
/// until the host has had time for it.
pub(super) fn with_every_device(
    options: &Options,
    benchmark: &Benchmark,
    arguments: &[&str],
) -> Result<Comparison, Failure> {
    let run = |spec: Spec| {
        let spec = Spec {
            entropy_device: true,
            ..spec
        };
        let once = |_| {
            let heard = benchmark.boot(&spec, arguments)?;
            figures(benchmark, &spec, arguments, heard)
        };
        let runs: Result<Vec<_>, Failure> = (0..RUNS).map(once).collect();
        runs.map(least)
    };
    let [none, mpk] = specs(options, benchmark)?.map(run);
    Ok(Comparison::new(none?, &mpk?))
}

fn specs(options: &Options, benchmark: &Benchmark) -> Result<[Spec; 2], Failure> {
    let build = |isolation| benchmark.build(isolation, options.timeout());
    Ok([build(Isolation::None)?, build(Isolation::Mpk)?])
}

fn figures(
    benchmark: &Benchmark,
    spec: &Spec,
    arguments: &[&str],
    heard: Heard,
) -> Result<Vec<Figure>, Failure> {
    match parse(&heard.stdout) {
        figures if figures.is_empty() => Err(benchmark.gave_none(spec, arguments, heard)),
        figures => Ok(figures),
    }
}

fn same(first: &Heard, second: &Heard, arguments: &[&str]) -> Result<(), Failure> {
    let (mut one, mut other) = (first.stdout.lines(), second.stdout.lines());
    if first.stdout == second.stdout {
        return Ok(());
    }
    let differ = std::iter::from_fn(|| Some((one.next()?, other.next()?)));
    let pair = differ.into_iter().find(|(one, other)| one != other);
    let message = format!("two runs with {arguments:?} differ: {pair:?}");
    let help = "a counted run without input from the host must be the same each time; \
                was the image changed meanwhile?";
    Err(Failure::new(1, report(message, help)))
}
