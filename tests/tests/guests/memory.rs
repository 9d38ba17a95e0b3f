//! Memory: used up, given back, mapped by the page, and executed.

use domains::{Isolation, status};
use libtest_mimic::Trial;

use crate::images::{guest, guest_with};
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Isolation::ALL.into_iter().flat_map(of_mode).collect();
    trials.extend([
        trial("memory::mutant_without_the_scan_is_caught".into(), mutant),
        trial("memory::pages_keep_their_key".into(), keys),
    ]);
    trials
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let said = |name: &str, words: &'static [&'static str], memory, text| {
        let name = format!("memory::{mode}::{name}");
        trial(name, move || says(mode, words, memory, text))
    };
    let dies = |name: &str, words: &'static [&'static str], cause| {
        let name = format!("memory::{mode}::{name}");
        trial(name, move || ends(mode, words, cause))
    };
    vec![
        said(
            "what_is_freed_comes_back",
            &["memory", "churn"],
            "64M",
            "in all",
        ),
        said(
            "exhaustion_is_an_error",
            &["memory", "exhaust"],
            "16M",
            "pieces of",
        ),
        said(
            "threads_run_out_and_come_back",
            &["memory", "spawn"],
            "16M",
            "threads",
        ),
        said(
            "mappings_run_out_and_come_back",
            &["memory", "map"],
            "16M",
            "mappings",
        ),
        said(
            "mappings_are_as_promised",
            &["mapping"],
            "64M",
            "as promised",
        ),
        said("code_can_be_made_and_called", &["code", "jit"], "64M", "42"),
        said(
            "no_wrpkru_is_executed",
            &["code", "wrpkru"],
            "64M",
            "none got",
        ),
        dies(
            "a_stack_without_memory_ends_it",
            &["memory", "stack"],
            "out-of-memory",
        ),
        dies("code_is_not_written", &["code", "write-code"], "permission"),
        dies(
            "data_is_not_executed",
            &["code", "execute-data"],
            "permission",
        ),
        dies(
            "what_is_gone_is_gone",
            &["code", "execute-unmapped"],
            "unmapped",
        ),
    ]
}

fn says(mode: Isolation, words: &[&str], memory: &str, text: &str) -> Verdict {
    let outcome = guest_with(mode, words, &["-m", memory]);
    let holds = outcome.status == 0 && outcome.stdout.contains(text);
    ensure(holds, &format!("{text:?}, and status 0"), &outcome)
}

fn ends(mode: Isolation, words: &[&str], cause: &str) -> Verdict {
    let outcome = guest_with(mode, words, &["-m", "16M"]);
    let reported = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == "app" && fault["cause"] == cause);
    let holds = reported && outcome.status == i32::from(status::VIOLATION);
    ensure(holds, &format!("the end of the program: {cause}"), &outcome)
}

/// The drivers' faults cost the console its driver, so the rest of the output
/// comes another way.
fn keys() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["code", "keys"]);
    let said = outcome.stdout.clone() + &outcome.console;
    let holds = outcome.status == 0 && said.contains("none was read");
    ensure(holds, "no page to be read by the drivers", &outcome)
}

/// With the scan off WRPKRU must get through: else the test has no power.
fn mutant() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["code", "wrpkru", "mutant"]);
    let is_caught = outcome.stdout.contains("got through");
    let is_caught = is_caught && !outcome.stdout.contains("none got through");
    ensure(
        is_caught && outcome.status == 1,
        "the test to catch the mutant",
        &outcome,
    )
}
