//! The course of tests with a guest that only plays.

use std::io;

use domains::report::Fault;

use super::*;
use crate::testing::list;
use crate::vm::{Sink, Stream};

/// What a test of the play does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Pass,
    Panic,
    PanicAsExpected,
    Hang,
    Exit(u8),
    Ignored,
}

/// Plays libtest's part.
struct Play {
    tests: Vec<(&'static str, Does)>,
    boots: usize,
}

impl Play {
    fn list(&self, arguments: &[String], sink: &mut dyn Sink) -> io::Result<u8> {
        let calm = arguments
            .iter()
            .any(|word| word == "--exclude-should-panic");
        for (name, does) in &self.tests {
            if calm && *does == Does::PanicAsExpected {
                continue;
            }
            let ignore = *does == Does::Ignored;
            let line = format!(
                "{{ \"type\": \"test\", \"event\": \"discovered\", \"name\": \"{name}\", \
                 \"ignore\": {ignore}, \"ignore_message\": \"\", \"source_path\": \"\" }}\n"
            );
            sink.output(Stream::Stdout, line.as_bytes())?;
        }
        let end = b"{ \"type\": \"suite\", \"event\": \"completed\" }\n";
        sink.output(Stream::Stdout, end).map(|()| 0)
    }

    fn many(&self, arguments: &[String], sink: &mut dyn Sink) -> io::Result<u8> {
        let threads = arguments.iter().any(|word| word == "--test-threads=2");
        let chosen: Vec<_> = self
            .tests
            .iter()
            .filter(|(name, _)| arguments.iter().any(|word| word == name))
            .collect();
        for pair in chosen.chunks(if threads { 2 } else { 1 }) {
            for (name, _) in pair {
                say(sink, "started", name)?;
            }
            for (name, does) in pair {
                sink.output(Stream::Stderr, format!("{name} speaks").as_bytes())?;
                match does {
                    Does::Pass | Does::Ignored => say(sink, "ok", name)?,
                    Does::Panic | Does::PanicAsExpected => return Ok(134),
                    Does::Exit(status) => return Ok(*status),
                    Does::Hang => return Ok(status::TIMEOUT),
                }
            }
        }
        Ok(0)
    }

    fn one(&self, name: &str) -> u8 {
        let does = self.tests.iter().find(|(test, _)| *test == name);
        match does.expect("a test of this name").1 {
            Does::Pass | Does::PanicAsExpected | Does::Ignored => PASSED_ALONE,
            Does::Exit(status) => status,
            Does::Panic => status::ABORT,
            Does::Hang => status::TIMEOUT,
        }
    }
}

fn say(sink: &mut dyn Sink, event: &str, name: &str) -> io::Result<()> {
    let line =
        format!("{{ \"type\": \"test\", \"event\": \"{event}\", \"name\": \"{name}\" }}\n");
    sink.output(Stream::Stdout, line.as_bytes())
}

impl Guest for Play {
    fn boot(
        &mut self,
        arguments: &[String],
        variables: &[String],
        sink: &mut dyn Sink,
    ) -> Result<Ending, vm::Error> {
        self.boots += 1;
        let alone = variables
            .iter()
            .find_map(|word| word.strip_prefix("__RUST_TEST_INVOKE="));
        let status = match alone {
            Some(name) => self.one(name),
            None if arguments.iter().any(|word| word == "--list") => {
                self.list(arguments, sink).expect("it listens")
            }
            None => self.many(arguments, sink).expect("it listens"),
        };
        let reason = match status {
            status::TIMEOUT => Reason::Timeout,
            _ => Reason::Program,
        };
        Ok(Ending {
            status,
            reason,
            problem: None,
            registers: None,
        })
    }

    fn explain(&self, _fault: &Fault) -> String {
        String::new()
    }
}

/// Remembers verdicts.
#[derive(Default)]
struct Notes(Vec<(String, Verdict)>);

impl Reporter for Notes {
    fn begin(&mut self, _tests: usize) -> io::Result<()> {
        Ok(())
    }
    fn started(&mut self, _name: &str) -> io::Result<()> {
        Ok(())
    }
    fn output(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn finished(&mut self, name: &str, verdict: &Verdict) -> io::Result<()> {
        self.0.push((name.to_owned(), verdict.clone()));
        Ok(())
    }
    fn end(&mut self, _tally: &Tally) -> io::Result<()> {
        Ok(())
    }
}

fn played(tests: &[(&'static str, Does)], flags: &[&str]) -> (Tally, Notes) {
    let words: Vec<_> = flags.iter().map(Into::into).collect();
    let flags = Flags::read(&words).expect("valid flags");
    let tests = tests.to_vec();
    let mut play = Play { tests, boots: 0 };
    let listed = list(&mut play).expect("a list");
    let mut notes = Notes::default();
    let limit = Duration::from_secs(5);
    let tally = run(&mut play, &listed, &flags, limit, &mut notes).expect("a run");
    assert_eq!(tally.boots + 2, play.boots);
    (tally, notes)
}

fn failed(tally: &Tally) -> Vec<&str> {
    tally.failed.iter().map(|test| test.name.as_str()).collect()
}

#[test]
fn tests_that_pass_share_a_machine() {
    let (tally, notes) = played(&[("a", Does::Pass), ("b", Does::Pass)], &[]);
    assert_eq!((tally.passed, tally.boots), (2, 1));
    assert_eq!(notes.0.len(), 2);
}

#[test]
fn a_panic_fails_the_one_that_ran_and_the_rest_goes_on() {
    let tests = [("a", Does::Pass), ("b", Does::Panic), ("c", Does::Pass)];
    let (tally, _) = played(&tests, &[]);
    assert_eq!(
        (failed(&tally), tally.passed, tally.boots),
        (vec!["b"], 2, 2)
    );
    assert_eq!(
        tally.failed[0].output,
        "b speaks\nnote: it panicked or aborted\n"
    );
}

#[test]
fn a_panic_that_was_expected_passes_alone() {
    let tests = [("a", Does::PanicAsExpected), ("b", Does::Pass)];
    let (tally, notes) = played(&tests, &[]);
    assert!(tally.is_success());
    assert_eq!((tally.passed, tally.boots), (2, 2));
    assert_eq!(notes.0.last(), Some(&("a".into(), Verdict::Ok)));
}

#[test]
fn what_hangs_is_named_and_the_rest_goes_on() {
    let tests = [("a", Does::Hang), ("b", Does::Exit(0)), ("c", Does::Pass)];
    let (tally, notes) = played(&tests, &[]);
    assert_eq!((failed(&tally), tally.passed), (vec!["a", "b"], 1));
    let hung = Verdict::Failed("it was stopped after 5 seconds".into());
    assert_eq!(notes.0[0], ("a".into(), hung));
    let left = Verdict::Failed("it ended the program with status 0".into());
    assert_eq!(notes.0[1], ("b".into(), left));
}

#[test]
fn where_several_ran_each_is_tried_alone() {
    let tests = [("a", Does::Panic), ("b", Does::Pass), ("c", Does::Pass)];
    let (tally, _) = played(&tests, &["--test-threads=2"]);
    assert_eq!(
        (failed(&tally), tally.passed, tally.boots),
        (vec!["a"], 2, 4)
    );
}

#[test]
fn ignored_tests_are_counted_and_run_when_asked_for() {
    let tests = [("a", Does::Ignored), ("b", Does::Pass)];
    let (tally, _) = played(&tests, &[]);
    assert_eq!((tally.passed, tally.ignored), (1, 1));
    let (tally, _) = played(&tests, &["--ignored"]);
    assert_eq!((tally.passed, tally.ignored, tally.filtered_out), (1, 0, 1));
}

#[test]
fn the_first_failure_ends_a_run_that_is_to_fail_fast() {
    let tests = [("a", Does::Panic), ("b", Does::Panic)];
    let (tally, _) = played(&tests, &["--fail-fast"]);
    assert_eq!(failed(&tally), ["a"]);
}
