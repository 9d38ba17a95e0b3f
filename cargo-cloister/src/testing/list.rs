//! The tests that a program has.

use std::collections::HashSet;

use super::course::Stopped;
use super::machine::Guest;
use crate::vm::Capture;

/// A test, as its program lists it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Test {
    /// Its name with its modules.
    pub name: String,
    /// Whether it is run only if that is asked for.
    pub ignored: bool,
    /// Why it is ignored; empty if nobody said.
    pub why_ignored: String,
    /// Whether it passes by a panic.
    pub should_panic: bool,
}

/// All tests of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// In the program's order.
    pub tests: Vec<Test>,
}

/// What has libtest list its tests.
const LIST: [&str; 4] = ["-Zunstable-options", "--list", "--format", "json"];
/// Leaves out those that should panic, which no list tells otherwise.
const CALM: &str = "--exclude-should-panic";

/// Asks a program for its tests: once for all, and once for those that should
/// not panic.
pub fn list(guest: &mut dyn Guest) -> Result<Listed, Stopped> {
    let mut tests = ask(guest, &LIST)?;
    let calm = ask(guest, &[&LIST[..], &[CALM]].concat())?;
    let calm: HashSet<&str> = calm.iter().map(|test| test.name.as_str()).collect();
    for test in &mut tests {
        test.should_panic = !calm.contains(test.name.as_str());
    }
    Ok(Listed { tests })
}

fn ask(guest: &mut dyn Guest, arguments: &[&str]) -> Result<Vec<Test>, Stopped> {
    let mut heard = Capture::default();
    let arguments: Vec<String> = arguments.iter().map(|&word| word.into()).collect();
    let ending = guest.boot(&arguments, &[], &mut heard)?;
    if let Some(problem) = ending.problem {
        return Err(problem.into());
    }
    let stdout = String::from_utf8_lossy(&heard.stdout);
    if ending.status != 0 || !stdout.contains(r#""event": "completed""#) {
        let said = String::from_utf8_lossy(&heard.stderr);
        return Err(Stopped::NoList {
            status: ending.status,
            said: said.trim().to_owned(),
        });
    }
    Ok(stdout.lines().filter_map(Test::read).collect())
}

impl Test {
    /// Reads a line of the list. The message is not escaped, so it is cut out
    /// before the rest is read.
    pub fn read(line: &str) -> Option<Test> {
        let (start, rest) = line.split_once(r#", "ignore_message": ""#)?;
        let (message, _) = rest.split_once(r#"", "source_path": "#)?;
        let facts: serde_json::Value = serde_json::from_str(&format!("{start} }}")).ok()?;
        Some(Test {
            name: facts["name"].as_str()?.to_owned(),
            ignored: facts["ignore"].as_bool()?,
            why_ignored: message.to_owned(),
            should_panic: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_read_whatever_its_message() {
        let line = r#"{ "type": "test", "event": "discovered", "name": "a::b", "ignore": true, "ignore_message": "says "no"", "source_path": "src/lib.rs", "start_line": 1, "start_col": 2, "end_line": 1, "end_col": 3 }"#;
        let expected = Test {
            name: "a::b".into(),
            ignored: true,
            why_ignored: "says \"no\"".into(),
            should_panic: false,
        };
        assert_eq!(Test::read(line), Some(expected));
        assert_eq!(
            Test::read(r#"{ "type": "suite", "event": "discovery" }"#),
            None
        );
    }
}
