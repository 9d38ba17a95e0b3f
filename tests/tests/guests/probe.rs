//! The cell that only tests have: it serves, fails, and is in no image for use.

use std::fs;

use domains::{Cell, Isolation};
use libtest_mimic::Trial;
use serde_json::Value;
use tests::boot::Outcome;

use crate::images::{TOOL, guest, guest_with, image};
use crate::{Verdict, ensure, trial};

/// What a program asks the cell about, and what it answers: FNV-1a, halved.
const ASKED: [&str; 3] = ["probe", "foobar", "a"];
const ANSWERED: &str = "foobar 4812695130666218484\na 6319093600277820998\n";
/// What the program gets where there is no such cell any more.
const FAILED: &str = "foobar -5\na -5\n";

pub(crate) fn trials() -> Vec<Trial> {
    let answers = Isolation::ALL.map(|mode| {
        trial(format!("probe::answers_a_program_{mode}"), move || {
            answers(mode)
        })
    });
    let others = [
        trial("probe::is_asked_again_if_it_fails".into(), again),
        trial("probe::that_starts_late_is_used".into(), late),
        trial(
            "probe::that_does_not_start_is_named_and_the_rest_runs".into(),
            never,
        ),
        trial(
            "probe::a_console_that_does_not_start_is_named_and_the_rest_runs".into(),
            no_console,
        ),
        trial("probe::is_in_images_for_tests_only".into(), only_for_tests),
    ];
    answers.into_iter().chain(others).collect()
}

fn answers(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &ASKED);
    let holds = outcome.status == 0 && outcome.stdout == ANSWERED;
    ensure(holds, "the digests that others compute", &outcome)
}

fn injected(misdeed: &str) -> Outcome {
    guest_with(Isolation::Mpk, &ASKED, &["--inject", misdeed])
}

/// Each misdeed of the cell is reported as its own.
fn again() -> Verdict {
    for misdeed in ["write:safe", "read:console", "jump:app", "panic"] {
        let outcome = injected(&format!("probe={misdeed},every=2"));
        let is_its_own = |fault: &Value| fault["domain"] == Cell::Probe.name();
        let is_told = outcome.faults.len() == 1 && outcome.faults.iter().all(is_its_own);
        let holds = outcome.stdout == ANSWERED && outcome.restarts == [Cell::Probe.name()];
        ensure(
            holds && is_told && outcome.status == 0,
            "all answers, a report and a new start",
            &(misdeed, outcome),
        )?;
    }
    Ok(())
}

fn late() -> Verdict {
    let outcome = injected("probe=panic,start=2");
    let holds = outcome.stdout == ANSWERED && outcome.restarts == [Cell::Probe.name(); 2];
    ensure(holds, "all answers, and two new starts", &outcome)
}

/// No limit on restarts is one on starts that come to nothing.
fn never() -> Verdict {
    let flags = [
        "--restart-limit",
        "none",
        "--inject",
        "probe=panic,start=100",
    ];
    let outcome = guest_with(Isolation::Mpk, &ASKED, &flags);
    let restarts = outcome.restarts.len();
    ensure(restarts == 3, "three new starts", &restarts)?;
    ensure(
        outcome.status == 0 && outcome.stdout == FAILED,
        "a program that goes on with errors",
        &outcome,
    )?;
    is_named(Cell::Probe, &outcome)
}

/// What nobody takes, the core prints.
fn no_console() -> Verdict {
    let outcome = injected("console=panic,start=100");
    let is_whole = ANSWERED.lines().all(|line| outcome.console.contains(line));
    ensure(
        outcome.status == 0 && is_whole,
        "the output on the core's console",
        &outcome,
    )?;
    is_named(Cell::Console, &outcome)
}

/// One line says which cell was given up, and every fault was its own.
fn is_named(cell: Cell, outcome: &Outcome) -> Verdict {
    let line = format!("{} failed too often and is given up", cell.title());
    let is_said = outcome.console.matches(&line).count() == 1;
    let mut faults = outcome.faults.iter();
    let are_its_own = faults.all(|fault| fault["domain"] == cell.name());
    let holds = is_said && are_its_own && !outcome.faults.is_empty();
    ensure(holds, "a line that names the cell", outcome)
}

/// Looks for it in what is told of images, and for its row in their bytes.
fn only_for_tests() -> Verdict {
    for (folder, is_there) in [("tests/guests", true), ("examples/hello", false)] {
        for mode in Isolation::ALL {
            let image = image(folder, mode);
            let mut command = TOOL.command(["inspect", "--json"]);
            let told = command.arg(&image).output()?;
            ensure(told.status.success(), "a description", &told)?;
            let is_told = holds(&told.stdout, Cell::Probe.name());
            ensure(is_told == is_there, "the cells of its kind", &told)?;
            let has_row = holds(&fs::read(&image)?, Cell::Probe.title());
            ensure(has_row == is_there, "the rows of its kind", &(folder, mode))?;
        }
    }
    Ok(())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let mut places = bytes.windows(text.len());
    places.any(|place| place == text.as_bytes())
}
