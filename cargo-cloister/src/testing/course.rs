//! The course of a run of tests: which machine runs which, and who ended it.
//!
//! Tests that should not panic run together. Who was running when a machine
//! ended has ended it; where several were, each is tried again alone. Alone,
//! libtest runs one test in the way in which it runs a subprocess where panics
//! abort: it compares a panic with what was expected, and says by the exit
//! status what it found.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use domains::status;
use miette::Diagnostic;
use thiserror::Error;

use super::flags::Flags;
use super::list::{Listed, Test};
use super::machine::Guest;
use super::show::Reporter;
use super::verdict::{Tally, Verdict};
use super::watch::Watch;
use crate::vm::{self, Ending, Reason};

/// How many tests one machine is given. libtest compares every name with
/// every filter, which shows under emulation.
const TOGETHER: usize = 200;
/// What libtest exits with when a test that runs alone has passed.
const PASSED_ALONE: u8 = 50;
/// Names the one test that runs alone.
const ALONE: &str = "__RUST_TEST_INVOKE";
/// Has libtest run tests in its own process and say what it does.
const RUN: [&str; 7] = [
    "-Zunstable-options",
    "--format",
    "json",
    "--force-run-in-process",
    "--no-capture",
    "--include-ignored",
    "--exact",
];

/// Why tests could not be run to their end.
#[derive(Debug, Error, Diagnostic)]
pub enum Stopped {
    /// The program has no list of tests.
    #[error("the program did not list its tests: it ended with status {status}\n{said}")]
    #[diagnostic(
        code(cloister::test::no_list),
        help(
            "tests need libtest's own harness: does something end the program before `main`?"
        )
    )]
    NoList {
        /// Its exit status.
        status: u8,
        /// What it said.
        said: String,
    },
    /// Somebody stopped the run.
    #[error("the tests were interrupted")]
    Interrupted {
        /// The status that says by what.
        status: u8,
    },
    /// A machine did not start.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Machine(#[from] vm::Error),
    /// Results could not be printed.
    #[error("the results cannot be printed: {0}")]
    #[diagnostic(code(cloister::test::print))]
    Print(#[from] io::Error),
}

impl Stopped {
    /// The status that the process ends with.
    pub fn status(&self) -> u8 {
        match self {
            Stopped::NoList { .. } => status::BUILD_FAILED,
            Stopped::Interrupted { status } => *status,
            Stopped::Machine(error) => error.status(),
            Stopped::Print(_) => status::KERNEL_FAILED,
        }
    }
}

/// Runs the tests that `flags` select, each for no longer than `limit`.
pub fn run(
    guest: &mut dyn Guest,
    listed: &Listed,
    flags: &Flags,
    limit: Duration,
    reporter: &mut dyn Reporter,
) -> Result<Tally, Stopped> {
    let (selected, rest): (Vec<&Test>, Vec<&Test>) =
        listed.tests.iter().partition(|test| flags.selects(test));
    let mut course = Course {
        guest,
        flags,
        limit,
        reporter,
        tally: Tally::new(rest.len()),
        alone: Vec::new(),
    };
    course.reporter.begin(selected.len())?;
    course.all(&selected)?;
    course.reporter.end(&course.tally)?;
    Ok(course.tally)
}

struct Course<'a> {
    guest: &'a mut dyn Guest,
    flags: &'a Flags,
    limit: Duration,
    reporter: &'a mut dyn Reporter,
    tally: Tally,
    /// Those that were running when a machine ended under several.
    alone: Vec<String>,
}

impl Course<'_> {
    fn all(&mut self, selected: &[&Test]) -> Result<(), Stopped> {
        let (ignored, run): (Vec<&Test>, Vec<&Test>) =
            selected.iter().partition(|test| self.flags.ignores(test));
        for test in ignored {
            self.count(&test.name, &Verdict::Ignored(test.why_ignored.clone()), b"")?;
        }
        let (panicking, calm): (Vec<&Test>, Vec<&Test>) =
            run.into_iter().partition(|test| test.should_panic);
        let mut queue: VecDeque<String> = calm.iter().map(|test| test.name.clone()).collect();
        while !queue.is_empty() && !self.is_over() {
            self.together(&mut queue)?;
        }
        let panicking = panicking.iter().map(|test| test.name.clone());
        let alone: Vec<String> = self.alone.drain(..).chain(panicking).collect();
        for name in alone {
            if !self.is_over() {
                self.alone(&name)?;
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.flags.fail_fast && !self.tally.is_success()
    }

    fn count(&mut self, name: &str, verdict: &Verdict, output: &[u8]) -> Result<(), Stopped> {
        self.tally.count(name, verdict, output);
        Ok(self.reporter.finished(name, verdict)?)
    }

    /// Runs the first tests of the queue in one machine, and takes those that
    /// got a verdict out of it: always one at least.
    fn together(&mut self, queue: &mut VecDeque<String>) -> Result<(), Stopped> {
        let batch: Vec<String> = queue.iter().take(TOGETHER).cloned().collect();
        let threads = self.flags.test_threads.unwrap_or(1);
        let mut arguments: Vec<String> = RUN.map(String::from).to_vec();
        arguments.push(format!("--test-threads={threads}"));
        arguments.extend(batch);
        let heard = self.boot(&arguments, &[])?;
        let mut settled = heard.ended;
        match &heard.running[..] {
            [] => {}
            [one] => {
                self.count(one, &heard.verdict, &heard.output)?;
                settled.push(one.clone());
            }
            several => {
                self.alone.extend(several.iter().cloned());
                settled.extend(several.iter().cloned());
            }
        }
        if settled.is_empty() {
            let first = queue.front().cloned().unwrap_or_default();
            self.count(&first, &heard.verdict, &heard.output)?;
            settled.push(first);
        }
        queue.retain(|name| !settled.contains(name));
        Ok(())
    }

    /// Runs one test in a machine of its own.
    fn alone(&mut self, name: &str) -> Result<(), Stopped> {
        self.reporter.started(name)?;
        let heard = self.boot(&[], &[format!("{ALONE}={name}")])?;
        let verdict = match heard.own_status {
            Some(PASSED_ALONE) => Verdict::Ok,
            Some(status::ABORT) => Verdict::Failed("it did not end as it should".into()),
            _ => heard.verdict,
        };
        self.count(name, &verdict, &heard.output)
    }

    fn boot(&mut self, arguments: &[String], variables: &[String]) -> Result<Heard, Stopped> {
        let passes_on = self.flags.no_capture;
        let mut watch = Watch::new(self.reporter, &mut self.tally, self.limit, passes_on);
        let ending = self.guest.boot(arguments, variables, &mut watch)?;
        let (running, ended) = (watch.running, watch.ended);
        let (mut output, faults, traces) = (watch.output, watch.faults, watch.traces);
        output.extend(self.guest.backtraces(&traces).into_bytes());
        for fault in faults {
            output.extend(self.guest.explain(&fault).into_bytes());
        }
        self.tally.boots += 1;
        self.tally.kernel_failed |= ending.reason == Reason::KernelFailed;
        let own_status = (ending.reason == Reason::Program).then_some(ending.status);
        let verdict = blame(ending, self.limit)?;
        Ok(Heard {
            running,
            ended,
            output,
            verdict,
            own_status,
        })
    }
}

/// What one boot came to.
struct Heard {
    running: Vec<String>,
    ended: Vec<String>,
    output: Vec<u8>,
    /// The verdict on the one that ended it.
    verdict: Verdict,
    own_status: Option<u8>,
}

/// The verdict on a test under which a machine ended.
fn blame(ending: Ending, limit: Duration) -> Result<Verdict, Stopped> {
    let how = match (ending.reason, ending.problem) {
        (Reason::NotStarted, Some(problem)) => return Err(problem.into()),
        (Reason::Interrupted, _) | (Reason::NotStarted, None) => {
            let status = ending.status;
            return Err(Stopped::Interrupted { status });
        }
        (Reason::Program, _) if ending.status == status::ABORT => {
            "it panicked or aborted".to_owned()
        }
        (Reason::Program, _) => {
            format!("it ended the program with status {}", ending.status)
        }
        (Reason::Violation, _) => "it was stopped by the fault above".to_owned(),
        (Reason::Timeout, _) => {
            format!("it was stopped after {} seconds", limit.as_secs_f64())
        }
        (Reason::KernelFailed, Some(problem)) => problem.to_string(),
        (Reason::KernelFailed, None) => "the kernel failed".to_owned(),
    };
    Ok(Verdict::Failed(how))
}

#[cfg(test)]
mod tests;
