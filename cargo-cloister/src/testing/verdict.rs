//! What became of tests.

use std::time::{Duration, Instant};

use crate::plain::Plain;

/// What became of one test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It passed.
    Ok,
    /// It was not run, for this reason if there is one.
    Ignored(String),
    /// It failed, and how.
    Failed(String),
}

/// A test's name with what it printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Printed {
    /// The test.
    pub name: String,
    /// What it printed, and what else is to be said.
    pub output: String,
}

/// What became of a list of tests.
#[derive(Clone, Debug)]
pub struct Tally {
    /// How many passed.
    pub passed: usize,
    /// Those that failed.
    pub failed: Vec<Printed>,
    /// Those that passed and printed something.
    pub printed: Vec<Printed>,
    /// How many were ignored.
    pub ignored: usize,
    /// How many were not selected.
    pub filtered_out: usize,
    /// How many machines were needed.
    pub boots: usize,
    /// Whether a kernel failed under one of them.
    pub kernel_failed: bool,
    began: Instant,
}

impl Tally {
    /// Nothing yet.
    pub fn new(filtered_out: usize) -> Tally {
        Tally {
            passed: 0,
            failed: Vec::new(),
            printed: Vec::new(),
            ignored: 0,
            filtered_out,
            boots: 0,
            kernel_failed: false,
            began: Instant::now(),
        }
    }

    /// Counts a test in.
    pub fn count(&mut self, name: &str, verdict: &Verdict, output: &[u8]) {
        let printed = |why: &str| Printed {
            name: name.to_owned(),
            output: told(output, why),
        };
        match verdict {
            Verdict::Ignored(_) => self.ignored += 1,
            Verdict::Failed(why) => self.failed.push(printed(why)),
            Verdict::Ok => {
                self.passed += 1;
                if !output.is_empty() {
                    self.printed.push(printed(""));
                }
            }
        }
    }

    /// Whether all that ran passed.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty()
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Output as text, with a last line that says why the test failed.
fn told(output: &[u8], why: &str) -> String {
    let mut text = String::from_utf8_lossy(output).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !why.is_empty() {
        text.push_str(&format!("note: {}\n", Plain::text(why)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_with_its_reason() {
        let mut tally = Tally::new(3);
        tally.count("a", &Verdict::Ok, b"");
        tally.count("b", &Verdict::Failed("it panicked".into()), b"said");
        tally.count("c", &Verdict::Ignored(String::new()), b"");
        assert_eq!((tally.passed, tally.ignored, tally.filtered_out), (1, 1, 3));
        assert_eq!(tally.failed[0].output, "said\nnote: it panicked\n");
        assert!(!tally.is_success() && tally.printed.is_empty());
    }
}
