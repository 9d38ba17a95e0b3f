//! The same work on more and more virtual CPUs.
//!
//! The time-stamp counter of a counted run is common to all CPUs, so what each
//! of them executes is counted inside QEMU, by a plugin. Boot and shutdown are
//! part of the counts of pi; the whole programs and the threads that end together
//! bound what counts. Each program checks its result and ends with another
//! status if it is wrong.

mod scaling;

use std::path::PathBuf;

use domains::Isolation;

use super::jobs;
use super::program::{Benchmark, Kernels, counter};
use super::{How, Set};
use crate::cli::failure::Failure;
use crate::vm::Spec;
pub(super) use scaling::{EFFICIENCY, Run, Scaling};
use scaling::{LIMITED, Limit};

/// Work that can be divided among CPUs.
struct Work {
    name: &'static str,
    /// The package that does it.
    package: &'static str,
    arguments: &'static [&'static str],
    /// On how many CPUs it is done.
    cpus: &'static [u32],
    limit: Limit,
}

const WORKS: [Work; 7] = [
    Work::pi("threads", &["threads"], &[1, 2, 4, 8], Limit::Efficiency),
    Work::pi("rayon", &["rayon"], &[1, 2, 4, 8], Limit::Efficiency),
    Work::pi("one", &["one"], &[LIMITED], Limit::Idle),
    Work::pi("ends", &["ends"], &[1, LIMITED], Limit::Overhead),
    Work::whole("ep", &["ep-parallel", "S"], Limit::Efficiency),
    Work::whole("cg", &["cg-parallel", "S"], Limit::None),
    Work::whole("kmeans", &["kmeans-parallel", "S"], Limit::None),
];

impl Work {
    /// Pi, or the ends of threads, by the program that does nothing else.
    const fn pi(
        name: &'static str,
        arguments: &'static [&'static str],
        cpus: &'static [u32],
        limit: Limit,
    ) -> Work {
        Work {
            name,
            package: "parallel",
            arguments,
            cpus,
            limit,
        }
    }

    /// One of the whole programs, divided by rayon.
    const fn whole(
        name: &'static str,
        arguments: &'static [&'static str],
        limit: Limit,
    ) -> Work {
        Work {
            name,
            package: "macro",
            arguments,
            cpus: &[1, 2, 4],
            limit,
        }
    }
}

/// Counts every work on every number of its CPUs, without walls and with.
pub(super) fn measure(how: &How) -> Result<Scaling, Failure> {
    let plugin = counter()?;
    let mut works = Vec::new();
    for isolation in [Isolation::None, Isolation::Mpk] {
        for work in &WORKS {
            let benchmark = Benchmark::find(None, work.package, Kernels::Plain)?;
            let spec = benchmark.build(isolation, how.timeout(Set::Quick))?;
            works.push(Bench {
                work,
                benchmark,
                plugin: plugin.clone(),
                spec,
            });
        }
    }
    let runs = jobs::all(&works, Bench::runs)?;
    let runs = runs.into_iter().flatten().collect();
    Ok(Scaling { runs })
}

/// Work that can be booted.
struct Bench {
    work: &'static Work,
    benchmark: Benchmark,
    plugin: PathBuf,
    spec: Spec,
}

impl Bench {
    /// One run on each number of CPUs, compared with the first.
    fn runs(&self) -> Result<Vec<Run>, Failure> {
        let mut runs: Vec<Run> = Vec::new();
        for &cpus in self.work.cpus {
            let run = self.run(cpus)?;
            let alone = runs.first().unwrap_or(&run).total();
            runs.push(run.judged(alone, self.work.limit));
        }
        Ok(runs)
    }

    fn run(&self, cpus: u32) -> Result<Run, Failure> {
        let spec = Spec {
            cpus,
            ..self.spec.clone()
        };
        let (_, counts) = self
            .benchmark
            .count(&spec, &self.plugin, self.work.arguments)?;
        let (work, isolation) = (self.work.name, spec.isolation);
        Ok(Run::new(work, isolation, cpus, counts.instructions))
    }
}
