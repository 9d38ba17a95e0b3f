//! Far transfers with RSP in the core's memory, and the core's own map of it.
//!
//! An old emulator makes the stack accesses of far transfers with the rights of
//! ring 0. There the attack is expected to succeed, so that nobody takes such an
//! emulator for a wall; under any other it must be stopped.

use cargo_cloister::vm::Spec;
use domains::layout::{CORE_PHYSICAL, PHYSICAL_MAP};
use domains::{Isolation, status};
use libtest_mimic::Trial;
use serde_json::Value;
use tests::boot::Outcome;

use crate::images::{guest, guest_with};
use crate::{Verdict, ensure, trial};

/// Error codes of a page fault that ring 3 made at a page of the core.
const USER_WRITE: u64 = 0b111;
const USER_READ: u64 = 0b101;
/// The same with the rights of ring 0: a page that is read-only.
const CORE_WRITE: u64 = 0b011;

/// What the core says of its canary when the application dies.
const WHOLE: &str = "cloister: the core's canary is whole";

pub(crate) fn trials() -> Vec<Trial> {
    let transfers = [
        ("call", USER_WRITE),
        ("return", USER_READ),
        ("iret", USER_READ),
    ];
    let mut trials: Vec<Trial> = transfers
        .into_iter()
        .map(|(how, error)| {
            let name = format!("far::a_far_{how}_on_the_cores_memory_needs_an_old_emulator");
            trial(name, move || transfer(how, error))
        })
        .collect();
    trials.push(trial(
        "far::a_far_call_never_writes_to_the_cores_code".into(),
        call_into_text,
    ));
    for part in ["text", "rodata"] {
        trials.push(trial(
            format!("far::the_core_cannot_write_to_its_own_{part}"),
            move || own_is_read_only(part),
        ));
    }
    trials.push(trial(
        "far::the_core_writes_to_its_own_data".into(),
        own_data,
    ));
    trials.push(trial(
        "far::no_segment_is_there_but_64_bit_code_and_data".into(),
        || {
            let outcome = attack("selectors");
            ensure(outcome.status == 0, "ours and no others", &outcome)
        },
    ));
    trials
}

/// Whether far transfers have the rights of ring 0 under the emulator in use.
fn is_old() -> bool {
    let spec = Spec::new("guest".into(), "guest".to_owned(), Isolation::Mpk);
    spec.weak_walls().is_some()
}

fn attack(how: &str) -> Outcome {
    guest_with(Isolation::Mpk, &["far", how], &["--accel", "tcg"])
}

fn transfer(how: &str, error: u64) -> Verdict {
    let outcome = attack(how);
    let went_through = outcome.stdout.contains(&format!("the {how} went through"));
    if is_old() {
        let holds = outcome.status == 0 && went_through && outcome.faults.is_empty();
        return ensure(
            holds,
            "the attack to succeed under this old emulator",
            &outcome,
        );
    }
    ensure(!went_through, "the transfer not to go through", &outcome)?;
    is_violation(&outcome, &[error])?;
    ensure(outcome.console.contains(WHOLE), WHOLE, &outcome)
}

/// Under an old emulator the accesses have the rights of ring 0, and even that
/// may not write there.
fn call_into_text() -> Verdict {
    let outcome = attack("call-text");
    let errors = match is_old() {
        true => [CORE_WRITE],
        false => [USER_WRITE],
    };
    is_violation(&outcome, &errors)?;
    let address = number(&outcome.faults[0]["address"]);
    let start = PHYSICAL_MAP + CORE_PHYSICAL;
    ensure(
        (start..start + 16).contains(&address),
        "a fault at the core's code",
        &outcome,
    )
}

/// One report of the application, with an error code of these, at the core's
/// memory.
fn is_violation(outcome: &Outcome, errors: &[u64]) -> Verdict {
    ensure(
        outcome.status == i32::from(status::VIOLATION),
        "status 120",
        outcome,
    )?;
    let [fault] = outcome.faults.as_slice() else {
        return ensure(false, "one report", outcome);
    };
    let holds = fault["domain"] == "app"
        && fault["page"] == "core"
        && errors.contains(&number(&fault["error"]))
        && number(&fault["address"]) >= PHYSICAL_MAP;
    ensure(holds, "a report of the application at the core", outcome)
}

/// The core dies of it, and says at which address.
fn own_is_read_only(part: &str) -> Verdict {
    let outcome = guest(Isolation::Mpk, &["own", part]);
    ensure(
        outcome.status == i32::from(status::KERNEL_FAILED),
        "the core to die",
        &outcome,
    )?;
    let said = format!("page fault (vector 14) error {CORE_WRITE:#x} ");
    let at = "address 0xffff8000001";
    let holds = outcome.console.contains(&said) && outcome.console.contains(at);
    ensure(holds, "a write that is refused", &outcome)
}

fn own_data() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["own", "data"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("the core wrote to its data");
    ensure(holds, "a write that is not refused", &outcome)
}

/// A number that an event has as a number or in hexadecimal.
fn number(value: &Value) -> u64 {
    let digits = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(digits))
        .unwrap_or(u64::MAX)
}
