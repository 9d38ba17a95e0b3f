//! Stack overflow: in every domain it hits the guard page below the stack.

use domains::{Domain, Isolation, status};
use libtest_mimic::Trial;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Domain::ALL
        .into_iter()
        .map(|domain| {
            let name = format!("stacks::{domain}_overflows_into_its_guard_page");
            trial(name, move || overflow(domain))
        })
        .collect()
}

fn overflow(domain: Domain) -> Verdict {
    let outcome = guest(Isolation::Mpk, &["attack", domain.name(), "overflow"]);
    let reported = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == domain.name() && fault["cause"] == "stack-overflow");
    let status = match domain {
        Domain::App => status::VIOLATION,
        Domain::Safe => status::KERNEL_FAILED,
        Domain::Unsafe => 0,
    };
    let holds = reported && outcome.status == i32::from(status);
    ensure(holds, "a report of a stack overflow", &outcome)
}
