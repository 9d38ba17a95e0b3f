//! Whether a test has noticed what is gone, by what cargo printed.

use std::process::Output;

/// What `timeout` ends with if it had to end the program.
const TIMED_OUT: i32 = 124;

/// Fails unless the test called `name` ran and failed, or never ended.
pub(crate) fn judge(name: &str, output: &Output) -> Result<(), String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = String::from_utf8_lossy(&output.stderr);
    let has_begun = messages.contains("Running ");
    match (outcome(name, &text), output.status.code()) {
        (Some("FAILED"), _) => Ok(()),
        (None, Some(TIMED_OUT)) if has_begun => Ok(()),
        (Some(_), _) => Err(format!("{name} passes without the defence")),
        (None, _) => Err(format!("{name} did not run:\n{text}{messages}")),
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
