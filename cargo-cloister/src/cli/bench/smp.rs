//! The same work on more and more virtual CPUs.
//!
//! The time-stamp counter of a counted run is common to all CPUs, so what each
//! of them executes is counted inside QEMU, by a plugin. Boot and shutdown are
//! part of every count.

mod scaling;

use std::path::PathBuf;

use domains::Isolation;

use super::Options;
use super::measure::{Benchmark, counter};
use crate::cli::failure::Failure;
use crate::vm::Spec;
use scaling::{LIMITED, Run, Scaling};

/// The work that is divided, by those who divide it.
const DIVIDED: [&str; 2] = ["threads", "rayon"];
/// The work that a single thread does.
const UNDIVIDED: &str = "one";
/// On how many CPUs it is done.
const CPUS: [u32; 4] = [1, 2, 4, 8];

/// Prints the table.
pub(super) fn run(options: &Options) -> Result<u8, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "parallel", false)?;
    let plugin = counter()?;
    let mut scaling = Scaling { runs: Vec::new() };
    for isolation in [Isolation::None, Isolation::Mpk] {
        let spec = benchmark.build(isolation, options.timeout)?;
        let bench = Bench {
            benchmark: &benchmark,
            plugin: plugin.clone(),
            spec,
        };
        for work in DIVIDED {
            scaling.runs.extend(bench.divided(work)?);
        }
        scaling.runs.push(bench.undivided()?);
    }
    options.print(&scaling)
}

/// A benchmark that can be booted.
struct Bench<'a> {
    benchmark: &'a Benchmark,
    plugin: PathBuf,
    spec: Spec,
}

impl Bench<'_> {
    /// One run on each number of CPUs, compared with the first.
    fn divided(&self, work: &'static str) -> Result<Vec<Run>, Failure> {
        let mut runs: Vec<Run> = Vec::new();
        for cpus in CPUS {
            let run = self.run(work, cpus)?;
            let alone = runs.first().unwrap_or(&run).busiest();
            runs.push(run.compared_with(alone));
        }
        Ok(runs)
    }

    /// A run in which all CPUs but one have nothing to do.
    fn undivided(&self) -> Result<Run, Failure> {
        Ok(self.run(UNDIVIDED, LIMITED)?.with_idle_cpus())
    }

    fn run(&self, work: &'static str, cpus: u32) -> Result<Run, Failure> {
        let spec = Spec {
            cpus,
            ..self.spec.clone()
        };
        let executed = self.benchmark.count(&spec, &self.plugin, &[work])?;
        Ok(Run::new(work, spec.isolation, cpus, executed))
    }
}
