//! Cells that are made to do wrong, in any program, from the command line.

use domains::{Isolation, status};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

/// What a cell does, and the cause that a report has for it.
const MISDEEDS: [(&str, &str); 6] = [
    ("read:app", "key"),
    ("write:safe", "key"),
    ("write:hostfs", "key"),
    ("jump:safe", "permission"),
    ("panic", "instruction"),
    ("hang", "deadline"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let misdeeds = MISDEEDS.into_iter().map(|(misdeed, cause)| {
        let name = format!("injections::{}", misdeed.replace(':', "_"));
        trial(name, move || console_does(misdeed, cause))
    });
    let others = [
        trial(
            "injections::into_an_image_without_hooks_are_refused".into(),
            refused,
        ),
        trial("injections::are_one_for_each_cell".into(), twice),
        trial("injections::of_one_call_happen_once".into(), once),
        trial("injections::garbage_is_not_believed".into(), garbage),
        trial(
            "injections::garbage_at_the_start_is_not_believed".into(),
            garbage_at_the_start,
        ),
        trial("injections::by_chance_are_the_same_again".into(), by_chance),
    ];
    misdeeds.chain(others).collect()
}

/// A program that says what it reads, by a console that does this now and then.
fn console_does(misdeed: &str, cause: &str) -> Verdict {
    let inject = format!("console={misdeed},every=20");
    let outcome = echo(&["--inject", &inject, "--restart-limit", "none"]);
    let causes = outcome.faults.iter().map(|fault| &fault["cause"]);
    let is_as_told = causes.clone().count() > 1 && causes.into_iter().all(|it| *it == *cause);
    let has_restarted = outcome.restarts == vec!["console"; outcome.faults.len()];
    ensure(
        outcome.status == 0 && outcome.stdout == text() && is_as_told && has_restarted,
        "all output, a fault of that kind, and a new start for each",
        &outcome,
    )
}

fn once() -> Verdict {
    let outcome = echo(&["--inject", "console=write:safe,once=20"]);
    let holds = outcome.stdout == text() && outcome.restarts == ["console"];
    ensure(holds, "one new start", &outcome)
}

/// A cell whose answers mean nothing has crossed no wall, and is started anew.
fn garbage() -> Verdict {
    let outcome = echo(&["--inject", "console=garbage,every=20"]);
    let restarts = outcome.restarts.len();
    let is_said = outcome.console.contains("the cell `console`: it ");
    let is_whole = outcome.status == 0 && outcome.stdout == text();
    ensure(
        is_whole && is_said && restarts > 1 && outcome.faults.is_empty(),
        "all output, some restarts, and why",
        &outcome,
    )
}

/// A cell cannot say that it has queues which there are not.
fn garbage_at_the_start() -> Verdict {
    let outcome = echo(&["--inject", "console=garbage,start=1"]);
    let is_whole = outcome.status == 0 && outcome.stdout == text();
    ensure(
        is_whole && outcome.restarts == ["console"],
        "all output, and one new start",
        &outcome,
    )
}

fn by_chance() -> Verdict {
    let restarts = |seed: &str| {
        let inject = format!("console=panic,rate=1/20,seed={seed}");
        let flags = ["--icount", "--inject", &inject, "--restart-limit", "none"];
        let outcome = echo(&flags);
        let is_whole = outcome.status == 0 && outcome.stdout == text();
        ensure(is_whole, "all output", &outcome)?;
        Ok::<usize, libtest_mimic::Failed>(outcome.restarts.len())
    };
    let counts = [restarts("1")?, restarts("1")?, restarts("2")?];
    ensure(
        counts[0] > 0 && counts[0] == counts[1],
        "as many for the same seed",
        &counts,
    )
}

fn twice() -> Verdict {
    let outcome = echo(&[
        "--inject",
        "console=panic,once=9",
        "--inject",
        "console=hang,once=8",
    ]);
    let is_said = outcome.messages.contains("once for each cell");
    let holds = outcome.status == i32::from(status::USAGE) && is_said;
    ensure(holds, "a refusal", &outcome)
}

fn refused() -> Verdict {
    let boot = Boot {
        flags: &["--inject", "console=panic,once=1"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image("examples/hello", Isolation::Mpk), &boot);
    let is_said = outcome.messages.contains("without test hooks");
    let holds = outcome.status == i32::from(status::USAGE) && is_said;
    ensure(holds, "a refusal", &outcome)
}

fn text() -> String {
    (0..40).map(|number| format!("line {number}\n")).collect()
}

fn echo(flags: &[&str]) -> Outcome {
    let (input, never) = (text(), usize::MAX.to_string());
    let boot = Boot {
        flags,
        arguments: &["restarts", "input", &never],
        input: input.as_bytes(),
        ..Boot::default()
    };
    TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot)
}
