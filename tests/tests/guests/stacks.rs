//! Stack overflow: it hits the guard page, and the entry that was served is named.

use domains::{Domain, Isolation, status};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Domain::ALL
        .into_iter()
        .map(|domain| {
            let name = format!("stacks::{domain}_overflows_into_its_guard_page");
            trial(name, move || overflow(domain))
        })
        .chain(DEEP.into_iter().map(|words| {
            let name = format!("stacks::{}_leaves_a_page_of_each_stack_free", words[0]);
            trial(name, move || leaves_room(words))
        }))
        .chain([trial(
            "stacks::a_forged_number_is_reported_as_what_was_served".into(),
            forged_number,
        )])
        .collect()
}

/// What a kernel that served anything has used at least, in bytes.
const LEAST: u64 = 1024;

/// What goes deepest into the kernels: every call of the ABI, files and random
/// calls of all kinds.
const DEEP: [&[&str]; 3] = [&["abi"], &["files", "content"], &["fuzz", "1", "2000"]];

/// Booting fails where a mark is too high; here it must be there, of each kernel.
fn leaves_room(words: &'static [&'static str]) -> Verdict {
    let outcome = guest(Isolation::Mpk, words);
    let has = |kernel: &str| {
        outcome
            .marks
            .iter()
            .any(|mark| mark.kernel == kernel && mark.used >= LEAST)
    };
    let holds = outcome.faults.is_empty() && ["safe", "console", "core"].into_iter().all(has);
    ensure(holds, "a mark of every kernel's stack", &outcome)
}

/// The gate takes some bits of a number, and those name what is served.
fn forged_number() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["clean", "forged-number"]);
    let reported = outcome.faults.iter().any(|fault| {
        fault["domain"] == Domain::Safe.name()
            && fault["cause"] == "stack-overflow"
            && fault["entry"] == "hook"
    });
    let holds = reported && outcome.status == i32::from(status::KERNEL_FAILED);
    ensure(holds, "the entry that was served", &outcome)
}

fn overflow(domain: Domain) -> Verdict {
    let outcome = guest(Isolation::Mpk, &["attack", domain.name(), "overflow"]);
    // The attack comes in by the entry for it, into the safe kernel and on into a
    // cell; the application serves nothing.
    let served = match domain {
        Domain::App => Value::Null,
        Domain::Safe | Domain::Cell(_) => "hook".into(),
    };
    let reported = outcome.faults.iter().any(|fault| {
        fault["domain"] == domain.name()
            && fault["cause"] == "stack-overflow"
            && fault["entry"] == served
    });
    let status = match domain {
        Domain::App => status::VIOLATION,
        Domain::Safe => status::KERNEL_FAILED,
        Domain::Cell(_) => 0,
    };
    let holds = reported && outcome.status == i32::from(status);
    ensure(holds, "a report of a stack overflow", &outcome)
}
