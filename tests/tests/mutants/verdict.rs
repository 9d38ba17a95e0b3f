//! What became of a test without its defence, by what cargo printed.

use std::process::Output;

/// What `timeout` ends with if it had to end the program.
const TIMED_OUT: i32 = 124;
/// What the host tool says of an image whose parts are no valid Rust: every test
/// that boots one fails then, and has noticed nothing.
const NO_IMAGE: &str = "cargo could not build";

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It failed, or never ended.
    Failed,
    /// It passed.
    Passed,
    /// It did not come to run: what cargo said.
    NotRun(String),
}

/// The fate of the test called `name`.
pub(crate) fn of(name: &str, output: &Output) -> Fate {
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = String::from_utf8_lossy(&output.stderr);
    let has_begun = messages.contains("Running ");
    match (outcome(name, &text), output.status.code()) {
        (Some("FAILED"), _) if !text.contains(NO_IMAGE) => Fate::Failed,
        (None, Some(TIMED_OUT)) if has_begun => Fate::Failed,
        (Some("ok"), _) => Fate::Passed,
        _ => Fate::NotRun(format!("{name} did not run:\n{text}{messages}")),
    }
}

/// What became of the test, in the line that libtest prints of it.
fn outcome<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    let of_test = |line: &'a str| {
        let rest = line.strip_prefix("test ")?.strip_prefix(name)?;
        let (space, outcome) = rest.split_once("... ")?;
        space.trim().is_empty().then_some(outcome.trim())
    };
    text.lines().find_map(of_test)
}
