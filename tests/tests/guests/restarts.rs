//! Cells that fail are started anew, and whoever uses them hardly notices.

use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use domains::{Cell, Isolation};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

/// Restarts without an end.
pub(crate) const UNLIMITED: [&str; 2] = ["--restart-limit", "none"];
/// None at all: who fails is given up.
pub(crate) const NEVER: [&str; 2] = ["--restart-limit", "0/s,0/min"];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("restarts::input_is_whole".into(), input),
        trial(
            "restarts::a_reader_who_is_kept_busy_stops_nobody_else".into(),
            teased,
        ),
        trial("restarts::output_to_a_slow_reader_is_whole".into(), slowly),
        trial(
            "restarts::without_restarts_output_goes_to_the_core".into(),
            never,
        ),
    ];
    for cpus in ["1", "4"] {
        trials.push(trial(
            format!("restarts::output_is_whole_with_{cpus}"),
            move || output(cpus),
        ));
    }
    trials.extend(Cell::ALL.map(|cell| {
        trial(
            format!("restarts::{cell}_is_given_up_if_it_fails_too_often"),
            move || given_up(cell),
        )
    }));
    trials
}

fn boot(arguments: &[&str], flags: &[&str], input: &[u8]) -> Outcome {
    let boot = Boot {
        flags,
        arguments,
        input,
        ..Boot::default()
    };
    TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot)
}

/// How often the host tool was told of a restart.
pub(crate) fn restarts(outcome: &Outcome, cell: Cell) -> usize {
    outcome
        .restarts
        .iter()
        .filter(|it| *it == cell.name())
        .count()
}

/// What the guest prints.
fn lines(count: usize) -> String {
    let line = |number: usize| format!("{number} {}\n", "x".repeat(number % 100 * 50));
    (0..count).map(line).collect()
}

/// Every byte that was written comes out once, and in order.
fn output(cpus: &str) -> Verdict {
    const COUNT: usize = 300;
    let flags = [&UNLIMITED[..], &["-c", cpus]].concat();
    let outcome = boot(&["restarts", "output", &COUNT.to_string()], &flags, b"");
    let is_whole = outcome.stdout == lines(COUNT);
    ensure(
        is_whole && outcome.status == 0,
        "all lines, once each",
        &outcome.status,
    )?;
    ensure(
        restarts(&outcome, Cell::Console) == COUNT,
        "a restart for each failure",
        &restarts(&outcome, Cell::Console),
    )
}

/// So is what comes out for a reader that keeps the device waiting.
fn slowly() -> Verdict {
    const COUNT: usize = 500;
    let mut command = TOOL.command(["run", "--quiet"]);
    command
        .args(UNLIMITED)
        .arg(image("tests/guests", Isolation::Mpk));
    command.args(["--", "restarts", "output", &COUNT.to_string()]);
    let mut run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = run.stdout.take().ok_or("there is no pipe")?;
    let mut read = Vec::new();
    let mut piece = vec![0; 20_000];
    loop {
        // Until all that is between the device and us is full.
        thread::sleep(Duration::from_millis(10));
        match output.read(&mut piece)? {
            0 => break,
            size => read.extend_from_slice(&piece[..size]),
        }
    }
    let status = run.wait()?;
    ensure(
        status.success() && read == lines(COUNT).into_bytes(),
        "all lines, once each",
        &(status, read.len()),
    )
}

/// What was received is read, by whichever cell.
fn input() -> Verdict {
    const EACH: usize = 7;
    let lines: Vec<String> = (0..5000).map(|number| format!("line {number}\n")).collect();
    let text = lines.concat();
    let arguments = ["restarts", "input", &EACH.to_string()];
    let outcome = boot(&arguments, &UNLIMITED, text.as_bytes());
    let is_whole = outcome.stdout == text;
    ensure(
        is_whole && outcome.status == 0,
        "the input, as it was",
        &outcome.status,
    )?;
    ensure(
        restarts(&outcome, Cell::Console) == lines.len() / EACH,
        "a restart for each failure",
        &restarts(&outcome, Cell::Console),
    )
}

/// His cell answers by turns so that he never sleeps and never gets a byte.
fn teased() -> Verdict {
    let mut command = TOOL.command(["run", "--quiet", "-c", "1", "--timeout", "20"]);
    command.arg(image("tests/guests", Isolation::Mpk));
    command.args(["--", "restarts", "tease", "20"]);
    // Input that stays open, and brings nothing.
    let mut run = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let silence = run.stdin.take();
    let status = run.wait()?;
    drop(silence);
    ensure(status.success(), "the end of the other thread", &status)
}

/// The usual limit is reached; the rest of the machine goes on.
fn given_up(cell: Cell) -> Verdict {
    let outcome = boot(&["restarts", cell.name(), "1000"], &[], b"");
    let count = restarts(&outcome, cell);
    let line = format!("{} failed too often and is given up", cell.title());
    let is_said = outcome.console.matches(&line).count() == 1;
    let holds = outcome.status == 0 && is_said && (16..=64).contains(&count);
    ensure(holds, "a cell that is given up, and a line", &outcome)
}

fn never() -> Verdict {
    let attack = ["attack", "console", "read", "0x100000000000"];
    let outcome = boot(&attack, &NEVER, b"");
    let said = outcome.console.contains("output continues here");
    let went_on = outcome.console.contains("result -") && outcome.status == 0;
    ensure(
        said && went_on && restarts(&outcome, Cell::Console) == 0,
        "the rest of the output on the core's console",
        &outcome,
    )
}
