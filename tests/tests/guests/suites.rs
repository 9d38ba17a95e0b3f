//! The tests of Rust's own library, in the guest: a quarter of them for each
//! mode and number of CPUs, so that each is run once.
//!
//! `cargo cloister test --std-suite` runs all of them in one mode.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::TOOL;
use crate::{Verdict, ensure, trial};

/// The slices by number of CPUs and mode.
const SLICES: [(u32, [&str; 2]); 2] = [(1, ["1/4", "2/4"]), (4, ["3/4", "4/4"])];
/// What the tool says at the end of each suite.
const SUITES: [&str; 3] = ["core", "alloc", "std"];

pub(crate) fn trials() -> Vec<Trial> {
    let of = |(cpus, slices): (u32, [&'static str; 2])| {
        let modes = Isolation::ALL.into_iter().zip(slices);
        modes.map(move |(mode, slice)| {
            let name = format!("suites::{mode}::cpus_{cpus}");
            trial(name, move || suites(mode, cpus, slice))
        })
    };
    SLICES.into_iter().flat_map(of).collect()
}

fn suites(mode: Isolation, cpus: u32, slice: &str) -> Verdict {
    let cpus = cpus.to_string();
    let mut command = TOOL.command(["test", "--std-suite", "--slice", slice]);
    command.args(["--isolation", mode.name(), "--cpus", &cpus]);
    let output = command.output().expect("the tool starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    for suite in SUITES {
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
