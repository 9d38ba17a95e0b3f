//! Privileged instructions and core calls, from every domain.

use domains::attack::ATTACKERS;
use domains::core_call::{CoreCall, error};
use domains::{Domain, Isolation};
use libtest_mimic::Trial;
use tests::boot;

use crate::images::{TOOL, guest, guest_with};
use crate::{Verdict, above_all_of_two_cells, ensure, trial};

/// How many privileged instructions the guest knows.
const INSTRUCTIONS: usize = 15;
/// The vector of a general-protection fault.
const GENERAL_PROTECTION: u64 = 13;

pub(crate) fn trials() -> Vec<Trial> {
    let instructions = Domain::ALL.into_iter().flat_map(|domain| {
        (0..INSTRUCTIONS).map(move |number| {
            let name = format!("privilege::{domain}_executes_instruction_{number}");
            above_all_of_two_cells(domain, trial(name, move || instruction(domain, number)))
        })
    });
    let calls = ATTACKERS.into_iter().flat_map(|domain| {
        CoreCall::ALL
            .into_iter()
            .filter(move |call| !call.allowed(domain))
            .map(move |call| {
                let name = format!("privilege::{domain}_makes_core_call_{call:?}");
                above_all_of_two_cells(domain, trial(name, move || core_call(domain, call)))
            })
    });
    let flags = Isolation::ALL.map(|mode| {
        let name = format!("privilege::{mode}::flags_are_harmless_behind_a_trap");
        trial(name, move || flags(mode))
    });
    instructions.chain(calls).chain(flags).collect()
}

fn instruction(domain: Domain, number: usize) -> Verdict {
    let log = TOOL.scratch_file(&format!("privilege-{domain}-{number}.interrupts"));
    let flags = ["--trace-interrupts", &log.to_string_lossy()];
    let arguments = [
        "attack",
        domain.name(),
        "privileged",
        "0",
        &number.to_string(),
    ];
    let outcome = guest_with(Isolation::Mpk, &arguments, &flags);
    let reported = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == domain.name() && fault["vector"] == GENERAL_PROTECTION);
    ensure(
        reported,
        "a general-protection fault in the report",
        &outcome,
    )?;
    let seen = boot::exceptions(&log);
    ensure(
        seen.contains(&GENERAL_PROTECTION),
        "the same in QEMU's log",
        &(outcome, seen),
    )
}

/// The core refuses what the access list does not allow, and says so. The guest
/// asks for what the core would do, or for what is wrong in another way.
fn core_call(domain: Domain, call: CoreCall) -> Verdict {
    let number = (call as u64).to_string();
    let outcome = guest(
        Isolation::Mpk,
        &["attack", domain.name(), "core-call", "0", &number],
    );
    let answer = format!("attacking\nresult {}\n", error::DENIED);
    ensure(
        outcome.stdout == answer && outcome.status == 0 && outcome.faults.is_empty(),
        "the core to say that the call is denied",
        &outcome,
    )
}

/// A program steps into a core call, and finds itself behind it as if it had not.
fn flags(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["flags"]);
    ensure(
        outcome.status == 0 && outcome.faults.is_empty(),
        "no flag that only the core may set",
        &outcome,
    )
}
