//! Hermit's ABI where std does not reach it.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL
        .into_iter()
        .map(|mode| {
            trial(
                format!("abi::{mode}::what_std_does_not_call_works"),
                move || calls(mode),
            )
        })
        .collect()
}

fn calls(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["abi"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("abi: all passed");
    ensure(holds, "every check of the ABI to pass", &outcome)
}
