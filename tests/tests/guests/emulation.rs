//! What users are told of an emulator under which walls do not hold.
//!
//! The emulator is the one in use, behind a script that gives it another age.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use cargo_cloister::vm;
use domains::Isolation;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, long, trial};

const OLD: &str = "QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.10)";
const NEW: &str = "QEMU emulator version 9.1.0";
const WARNING: &str = "warning: walls do not hold against hostile code";

type Named = (&'static str, fn() -> Verdict);

pub(crate) fn trials() -> Vec<Trial> {
    let all: [Named; 4] = [
        ("an_old_one_is_warned_of_even_quietly", quiet),
        ("programs_get_the_warning_as_an_event", event),
        ("a_new_one_needs_no_warning", new),
        ("without_walls_there_is_no_warning", no_walls),
    ];
    let tested = trial("emulation::tests_are_warned_of_once".into(), tests);
    all.into_iter()
        .map(|(name, body)| trial(format!("emulation::{name}"), body))
        .chain([long(tested)])
        .collect()
}

/// A QEMU that says this of itself, in a file of this name.
fn emulator(name: &str, said: &str) -> Result<PathBuf, libtest_mimic::Failed> {
    let real = vm::qemu_program()?;
    let script = TOOL.scratch_file(name);
    let real = real.display();
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{said}'; else exec '{real}' \"$@\"; fi\n"
    );
    fs::write(&script, text)?;
    fs::set_permissions(&script, Permissions::from_mode(0o755))?;
    Ok(script)
}

/// Runs `hello` with these flags, under a QEMU that says this of itself.
fn run(
    name: &str,
    said: &str,
    mode: Isolation,
    flags: &[&str],
) -> Result<Output, libtest_mimic::Failed> {
    let mut command = TOOL.command(["run"]);
    command
        .arg(image("examples/hello", mode))
        .args(["--accel", "tcg", "--timeout", "120"])
        .args(flags);
    with_emulator(command, name, said)
}

fn with_emulator(
    mut command: Command,
    name: &str,
    said: &str,
) -> Result<Output, libtest_mimic::Failed> {
    command.env("CLOISTER_QEMU", emulator(name, said)?);
    Ok(command.output()?)
}

/// How many lines of warning there are on standard error.
fn warnings(output: &Output) -> usize {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .filter(|line| line.starts_with(WARNING))
        .count()
}

fn quiet() -> Verdict {
    for flags in [&["--quiet"][..], &[]] {
        let output = run("old-qemu", OLD, Isolation::Mpk, flags)?;
        let holds = output.status.success() && warnings(&output) == 1;
        ensure(holds, "one line of warning", &output)?;
    }
    Ok(())
}

fn event() -> Verdict {
    let output = run("old-qemu-json", OLD, Isolation::Mpk, &["--output", "json"])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(!said.contains("walls"), "no warning as text", &output)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of_walls = |event: &&Value| event["event"] == "weak-walls";
    ensure(
        events.iter().filter(of_walls).count() == 1,
        "one event",
        &events,
    )?;
    let holds = events[0]["qemu"] == OLD
        && events[0]["message"]
            .as_str()
            .is_some_and(|message| message.contains("do not hold"));
    ensure(holds, "an event that names the emulator", &events)
}

fn new() -> Verdict {
    let output = run("new-qemu", NEW, Isolation::Mpk, &[])?;
    let holds = output.status.success() && warnings(&output) == 0;
    ensure(holds, "no warning", &output)
}

fn no_walls() -> Verdict {
    let output = run("old-qemu-none", OLD, Isolation::None, &[])?;
    let holds = output.status.success() && warnings(&output) == 0;
    ensure(holds, "no warning", &output)
}

/// Several programs, each in a machine of its own.
fn tests() -> Verdict {
    // One of them waits for ever.
    let words = ["--no-fail-fast", "--accel", "tcg", "--timeout", "10"];
    let mut command = TOOL.command(["test", "tests/tested"]);
    command.args(words);
    let output = with_emulator(command, "old-qemu-test", OLD)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let programs = text
        .lines()
        .filter(|line| line.starts_with("running "))
        .count();
    ensure(programs >= 2, "several programs", &output)?;
    ensure(warnings(&output) == 1, "one line of warning", &output)
}
