//! A cell that hangs keeps nobody waiting for longer than its deadline, and nobody
//! at all on another CPU who does not use it.
//!
//! Time is counted in instructions, which CPUs execute in turns.

use std::fs;

use domains::{Cell, Isolation};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, in_turns, trial};

/// How far apart the core's looks are that watch a call, in milliseconds.
const TICK_MS: u64 = 10;
/// How far apart they are on a CPU that called no cell for long, where there are others.
const CALM_TICK_MS: u64 = 5 * TICK_MS;

pub(crate) fn trials() -> Vec<Trial> {
    let usual = u64::from(Cell::Hostfs.deadline_ms());
    let lone = trial("stalls::end_with_the_deadline_with_1".into(), move || {
        end("1", usual, &[])
    });
    let four = in_turns("stalls::end_with_the_deadline_with_4".into(), move || {
        end("4", usual, &[])
    });
    let chosen = trial("stalls::end_with_a_deadline_that_was_chosen".into(), || {
        end("1", 30, &["--cell-deadline", "30"])
    });
    let others = in_turns("stalls::are_not_for_other_cpus".into(), others);
    vec![lone, four, chosen, others]
}

fn end(cpus: &str, deadline_ms: u64, flags: &[&str]) -> Verdict {
    let stalls = stalls(cpus, flags)?;
    // The last CPU calls no cell before the one that hangs.
    let first = if cpus == "1" { TICK_MS } else { CALM_TICK_MS };
    let most = deadline_ms + first + TICK_MS;
    ensure(
        stalls.iter().all(|stall| *stall <= most * 1_000_000),
        &format!("no stall longer than {most} ms"),
        &stalls,
    )
}

/// The first CPU serves the interrupts of the cell's device meanwhile.
fn others() -> Verdict {
    let stalls = stalls("4", &[])?;
    let others = [stalls[0], stalls[2]];
    ensure(
        others.iter().all(|stall| *stall <= 2 * TICK_MS * 1_000_000),
        "no stall that is worth a word",
        &stalls,
    )
}

/// How long a thread of each CPU stood still at most, in instructions.
fn stalls(cpus: &str, flags: &[&str]) -> Result<Vec<u64>, libtest_mimic::Failed> {
    let folder = TOOL.scratch_file(&format!("stalls-{cpus}-{}", flags.len()));
    fs::create_dir_all(&folder)?;
    let volume = format!("{}:/data", folder.display());
    let usual = ["--icount", "-c", cpus, "--volume", &volume];
    let boot = Boot {
        flags: &[&usual, flags].concat(),
        arguments: &["stalls", "/data/file"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot);
    read(&outcome).ok_or_else(|| format!("no figures: {outcome:?}").into())
}

fn read(outcome: &Outcome) -> Option<Vec<u64>> {
    let line = outcome
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("stalled for "))?;
    let hung = outcome
        .faults
        .iter()
        .filter(|fault| fault["cause"] == "deadline");
    let numbers = line.trim_matches(['[', ']']).split(", ");
    (outcome.status == 0 && hung.count() == 3)
        .then(|| numbers.map(|number| number.parse().ok()).collect())?
}
