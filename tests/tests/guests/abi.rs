//! Hermit's ABI where std does not reach it.

use domains::{Isolation, status};
use libtest_mimic::Trial;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> [Trial; 2] {
    [
        trial(
            format!("abi::{mode}::what_std_does_not_call_works"),
            move || calls(mode),
        ),
        trial(
            format!("abi::{mode}::deep_recursion_in_a_thread_is_reported"),
            move || recursion(mode),
        ),
    ]
}

/// A thread's stack ends in a fault of the application, and what was written
/// before it is not lost.
fn recursion(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["abi", "recurse"]);
    let is_reported = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == "app" && fault["cause"] == "stack-overflow");
    let holds = is_reported
        && outcome.status == i32::from(status::VIOLATION)
        && outcome.stdout.contains("about to recurse");
    ensure(holds, "a report of a stack overflow", &outcome)
}

fn calls(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["abi"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("abi: all passed");
    ensure(holds, "every check of the ABI to pass", &outcome)
}
