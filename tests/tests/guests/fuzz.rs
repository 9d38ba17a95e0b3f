//! Hostile calls by the ten thousand, and one mutant that they must catch.
//!
//! `CLOISTER_FUZZ=1000000` asks for as many calls in each mode, and
//! `CLOISTER_FUZZ_SEED` for another seed, "clock" for one of its own.

use std::env;

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::{guest, guest_with};
use crate::{Verdict, alone, ensure, trial};

/// How many calls a run makes unless it is told otherwise.
const CALLS: &str = "50000";
const SEED: &str = "20261121";
/// A million calls take their time.
const TIME_LIMIT: &str = "600";

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Isolation::ALL
        .into_iter()
        .map(|mode| {
            let name =
                format!("fuzz::{mode}::hostile_calls_come_back_and_bad_pointers_are_refused");
            trial(name, move || hostile_calls(mode, "1"))
        })
        .collect();
    trials.extend(Isolation::ALL.into_iter().map(|mode| {
        let name = format!("fuzz::{mode}::hostile_calls_of_four_cpus_come_back");
        alone(name, move || hostile_calls(mode, "4"))
    }));
    let name = "fuzz::mutant_without_pointer_checks_is_caught";
    trials.push(trial(name.into(), mutant));
    trials
}

/// Makes the calls by as many threads as CPUs.
fn hostile_calls(mode: Isolation, cpus: &str) -> Verdict {
    let calls = env::var("CLOISTER_FUZZ").unwrap_or_else(|_| CALLS.into());
    let seed = env::var("CLOISTER_FUZZ_SEED").unwrap_or_else(|_| SEED.into());
    let arguments = ["fuzz", &seed, &calls, cpus];
    let outcome = guest_with(mode, &arguments, &["--timeout", TIME_LIMIT, "-c", cpus]);
    let all = format!("{calls} calls came back");
    let holds = outcome.status == 0 && outcome.stdout.contains(&all);
    ensure(holds && outcome.faults.is_empty(), &all, &outcome)
}

/// With the check of pointers taken out the calls write to the safe kernel, and
/// the same calls see it.
fn mutant() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["fuzz", "mutant"]);
    let holds = outcome.status == 1 && outcome.stdout.contains("the mutant is caught");
    ensure(
        holds,
        "every call that writes to catch the mutant",
        &outcome,
    )
}
