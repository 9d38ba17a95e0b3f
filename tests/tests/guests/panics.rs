//! Panics: std's message, a backtrace with names, status 134, nothing lost.

use domains::report::TRACES_MAX;
use domains::{Isolation, status};
use libtest_mimic::Trial;
use tests::boot::Outcome;

use crate::images::{TOOL, guest, image};
use crate::{Verdict, ensure, trial};

/// Words that a corrupt frame has for its caller: nothing, itself or below,
/// no multiple of eight, the safe kernel's memory, the core's, no address.
const WILD: [u64; 7] = [
    0,
    1,
    4096,
    0x1000_0000_0000,
    0x3000_0000_0000,
    0xffff_8000_0000_0000,
    u64::MAX,
];

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let named = |name: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("panics::{mode}::{name}"), move || body(mode))
    };
    vec![
        named("a_backtrace_names_the_callers", nested),
        named("a_thread_has_its_own_backtrace", thread),
        named("an_abort_has_a_backtrace", abort),
        named("nothing_is_lost_that_was_written_before", output),
        named("a_corrupt_chain_of_frames_harms_nobody", corrupt),
        named("the_host_hears_only_so_many_lines", flood),
        named("rust_backtrace_chooses_what_is_shown", styles),
    ]
}

/// The names in the only backtrace.
fn names(outcome: &Outcome) -> Vec<&str> {
    let [backtrace] = &outcome.backtraces[..] else {
        return Vec::new();
    };
    let frames = backtrace["frames"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    frames
        .iter()
        .filter_map(|frame| frame["function"].as_str())
        .collect()
}

fn has_aborted(outcome: &Outcome, message: &str) -> Verdict {
    let holds = outcome.status == i32::from(status::ABORT) && outcome.faults.is_empty();
    ensure(holds, "status 134 and no fault", outcome)?;
    ensure(outcome.stderr.contains(message), message, outcome)
}

fn nested(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["panic", "nested"]);
    has_aborted(&outcome, "at the bottom")?;
    let names = names(&outcome);
    let count = |name: &str| names.iter().filter(|found| found.contains(name)).count();
    let holds = count("guest::panics::nested") == 4
        && count("guest::panics::run") == 1
        && count("guest::main") == 1;
    ensure(holds, "four nested calls, their caller, and main", &names)?;
    let frames = outcome.backtraces[0]["frames"].as_array();
    let panicked = frames.into_iter().flatten().find(|frame| {
        let name = frame["function"].as_str().unwrap_or_default();
        name.contains("nested")
    });
    let file = panicked.and_then(|frame| frame["file"].as_str());
    let holds = file.is_some_and(|file| file.ends_with("src/panics.rs"));
    ensure(holds, "the source of the panic", &panicked)
}

fn thread(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["panic", "thread"]);
    has_aborted(&outcome, "at the bottom")?;
    let names = names(&outcome);
    let nested = names.iter().filter(|name| name.contains("nested")).count();
    let main = names.iter().any(|name| name.ends_with("guest::main"));
    ensure(
        nested == 2 && !main,
        "the thread's calls, and not main's",
        &names,
    )
}

fn abort(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["abort"]);
    has_aborted(&outcome, "")?;
    let names = names(&outcome);
    let holds = names.iter().any(|name| name.ends_with("guest::main"));
    ensure(holds, "main", &names)
}

fn output(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["panic", "output"]);
    has_aborted(&outcome, "after all of it")?;
    let expected: String = (0..5000)
        .map(|line| format!("line {line} before the end\n"))
        .collect();
    let holds = outcome.stdout == expected + "and a line without an end";
    ensure(holds, "5000 lines and a half", &outcome.stdout.len())
}

fn corrupt(mode: Isolation) -> Verdict {
    for wild in WILD {
        let outcome = guest(mode, &["panic", "corrupt", &wild.to_string()]);
        has_aborted(&outcome, "")?;
        ensure(!names(&outcome).is_empty(), "some of a backtrace", &outcome)?;
    }
    Ok(())
}

fn flood(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["panic", "flood"]);
    let holds = outcome.status == 0 && outcome.faults.is_empty();
    ensure(
        holds,
        &format!("{TRACES_MAX} lines, and status 0"),
        &outcome,
    )
}

/// What the tool prints on standard error for a value of the variable.
fn shown(mode: Isolation, value: &str) -> String {
    let mut command = TOOL.command(["run"]);
    command
        .arg(image("tests/guests", mode))
        .args(["--", "panic", "nested"])
        .env("RUST_BACKTRACE", value);
    let output = command.output().expect("the tool starts");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn styles(mode: Isolation) -> Verdict {
    let off = shown(mode, "0");
    let holds = off.contains("at the bottom") && !off.contains("guest::panics::nested");
    ensure(holds, "a message and no backtrace", &off)?;
    let short = shown(mode, "1");
    let holds = short.contains("guest::panics::nested")
        && short.contains("src/panics.rs:")
        && !short.contains("__rust_begin_short_backtrace");
    ensure(holds, "the program's own functions", &short)?;
    let full = shown(mode, "full");
    let holds = full.contains("guest::panics::nested")
        && full.contains("__rust_begin_short_backtrace")
        && full.contains("0x3");
    ensure(holds, "all functions, with addresses", &full)
}
