//! `cargo cloister test`: libtest's lists in the guest, and every verdict.

use std::process::Output;

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::TOOL;
use crate::{Verdict, above_all_with_walls, ensure, trial};

const PACKAGE: &str = "tests/tested";
/// Every test that fails, in the order of the report.
const FAILING: [&str; 8] = [
    "exits",
    "fails",
    "fails_by_its_result",
    "hangs",
    "panics_in_a_thread",
    "reads_where_nothing_is",
    "does_not_panic",
    "panics_with_other_words",
];

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let named = |name: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("tested::{mode}::{name}"), move || body(mode))
    };
    vec![
        above_all_with_walls(mode, named("every_test_gets_its_verdict", every_verdict)),
        named("those_that_pass_end_with_0", passing),
        named("flags_are_libtests", flags),
        named("integration_tests_and_own_mains_run", programs),
    ]
}

/// Runs tests of the package, with cargo's flags and with libtest's.
fn tested(mode: Isolation, cargo: &[&str], flags: &[&str]) -> Output {
    let mut command = TOOL.command(["test", PACKAGE, "--isolation", mode.name()]);
    command.args(["--timeout", "10"]).args(cargo).arg("--");
    command.args(flags).output().expect("the tool starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn every_verdict(mode: Isolation) -> Verdict {
    let output = tested(mode, &["--lib"], &[]);
    let text = stdout(&output);
    ensure(output.status.code() == Some(101), "status 101", &output)?;
    let report = text.rsplit("failures:\n").next().unwrap_or_default();
    let failed: Vec<&str> = report
        .lines()
        .filter_map(|line| line.strip_prefix("    tests::"))
        .collect();
    ensure(failed == FAILING, "those failures", &text)?;
    for expected in [
        "running 13 tests\n",
        "test tests::is_ignored ... ignored, for the trial of ignored tests\n",
        "test tests::panics_as_it_should ... ok\n",
        "test tests::panics_with_the_right_words ... ok\n",
        "test tests::z_comes_after_all_of_them ... ok\n",
        "said by one that fails\n",
        "note: it ended the program with status 0\n",
        "note: it was stopped after 10 seconds\n",
        "error: bad address: app read unmapped memory\n",
        "test did not panic as expected",
        " 4 passed; 8 failed; 1 ignored; 0 measured; 0 filtered out; finished in ",
    ] {
        ensure(text.contains(expected), expected, &text)?;
    }
    let hidden = !text.contains("said by one that passes");
    ensure(hidden, "no output of tests that pass", &text)
}

fn passing(mode: Isolation) -> Verdict {
    let output = tested(mode, &["--lib"], &["passes", "panics_as", "z_comes"]);
    let text = stdout(&output);
    let summary = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 10 filtered out";
    let holds = output.status.success() && text.contains(summary);
    ensure(holds, summary, &output)
}

fn flags(mode: Isolation) -> Verdict {
    let listed = stdout(&tested(mode, &["--lib"], &["--list", "--skip", "panic"]));
    let holds = listed.starts_with("tests::exits: test\n") && listed.contains("\n8 tests, 0 ");
    ensure(holds, "a list of 8 tests", &listed)?;
    let loud = stdout(&tested(
        mode,
        &["--lib"],
        &["--nocapture", "--exact", "tests::passes"],
    ));
    let holds = loud.contains("test tests::passes ... said by one that passes\nok\n");
    ensure(holds, "its output as it comes", &loud)?;
    let events = stdout(&tested(mode, &["--lib"], &["--format=json", "--ignored"]));
    let holds = events.lines().all(|line| line.starts_with('{'))
        && events.contains(r#""passed":1"#)
        && events.contains(r#""filtered_out":12"#);
    ensure(holds, "events of one test", &events)
}

fn programs(mode: Isolation) -> Verdict {
    let output = tested(
        mode,
        &["--test", "integration", "--test", "own_main"],
        &["two"],
    );
    let text = stdout(&output);
    let holds = output.status.success()
        && text.contains("test two_is_two ... ok\n")
        && text.contains("own main with [\"two\"]");
    ensure(holds, "two programs that pass", &output)?;
    let output = tested(mode, &["--test", "own_main"], &["fail"]);
    ensure(output.status.code() == Some(101), "status 101", &output)
}
