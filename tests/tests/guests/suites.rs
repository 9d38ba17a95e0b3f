//! The tests of Rust's own library, in the guest.
//!
//! Every run takes std's tests of the network, in which threads are, too; the others
//! take minutes to build. A full run takes a quarter of core's, alloc's and std's for
//! each mode and number of CPUs, so that each test is run once.
//! `cargo cloister test --std-suite` runs all of them in one mode.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::TOOL;
use crate::{Verdict, alone, ensure, long, trial};

/// The slices by number of CPUs and mode.
const SLICES: [(u32, [&str; 2]); 2] = [(1, ["1/4", "2/4"]), (4, ["3/4", "4/4"])];
const SUITES: [&str; 3] = ["core", "alloc", "std"];

pub(crate) fn trials() -> Vec<Trial> {
    let of = |(cpus, slices): (u32, [&'static str; 2])| {
        let modes = Isolation::ALL.into_iter().zip(slices);
        modes.map(move |(mode, slice)| {
            let name = format!("suites::{mode}::cpus_{cpus}");
            long(alone(name, move || run(mode, &SUITES, cpus, slice)))
        })
    };
    let slices = SLICES.into_iter().flat_map(of);
    let network = Isolation::ALL.into_iter().flat_map(network);
    slices.chain(network).collect()
}

/// All of std's tests of the network, by loopback: on four CPUs with walls in every run.
fn network(mode: Isolation) -> [Trial; 2] {
    [1, 4].map(|cpus| {
        let name = format!("suites::{mode}::network_on_cpus_{cpus}");
        let body = move || run(mode, &["net"], cpus, "1/1");
        match (mode, cpus) {
            (Isolation::Mpk, 4) => alone(name, body),
            (_, 1) => long(trial(name, body)),
            _ => long(alone(name, body)),
        }
    })
}

fn run(mode: Isolation, suites: &[&str], cpus: u32, slice: &str) -> Verdict {
    let cpus = cpus.to_string();
    let of = format!("--std-suite={}", suites.join(","));
    let mut command = TOOL.command(["test", &of, "--slice", slice]);
    command.args(["--isolation", mode.name(), "--cpus", &cpus]);
    let output = command.output().expect("the tool starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    for suite in suites {
        // What the tool says at the end of each suite.
        let start = format!("suite {suite} ({mode}): ");
        let sum = messages.lines().find(|line| line.starts_with(&start));
        // Without a test there is no failure, either.
        let is_good = sum
            .and_then(|line| line.strip_prefix(&start))
            .is_some_and(|sum| !sum.starts_with("0 passed") && sum.contains(" 0 failed"));
        ensure(is_good, &start, &output)?;
    }
    ensure(output.status.success(), "status 0", &output)
}
