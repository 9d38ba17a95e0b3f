//! Privileged instructions and core calls, from every domain.

use domains::core_call::CoreCall;
use domains::{Domain, Isolation, status};
use libtest_mimic::Trial;
use tests::boot;

use crate::images::{TOOL, guest, guest_with};
use crate::{Verdict, ensure, trial};

/// How many privileged instructions the guest knows.
const INSTRUCTIONS: usize = 15;
/// The vector of a general-protection fault.
const GENERAL_PROTECTION: u64 = 13;

pub(crate) fn trials() -> Vec<Trial> {
    let instructions = Domain::ALL.into_iter().flat_map(|domain| {
        (0..INSTRUCTIONS).map(move |number| {
            let name = format!("privilege::{domain}_executes_instruction_{number}");
            trial(name, move || instruction(domain, number))
        })
    });
    let calls = [Domain::App, Domain::Unsafe]
        .into_iter()
        .flat_map(|domain| {
            CoreCall::ALL
                .into_iter()
                .filter(move |call| !call.allowed(domain))
                .map(move |call| {
                    let name = format!("privilege::{domain}_makes_core_call_{call:?}");
                    trial(name, move || core_call(domain, call))
                })
        });
    instructions.chain(calls).collect()
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

/// The core refuses what the access list does not allow, and the machine goes
/// on or stops the offender; either way the call has no effect.
fn core_call(domain: Domain, call: CoreCall) -> Verdict {
    let number = (call as u64).to_string();
    let outcome = guest(
        Isolation::Mpk,
        &["attack", domain.name(), "core-call", "0", &number],
    );
    let refused = outcome.stdout.contains("result -") && outcome.status == 0;
    let stopped = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == domain.name() && fault["cause"] == "core-call");
    let status_fits = match domain {
        Domain::App if stopped => outcome.status == i32::from(status::VIOLATION),
        _ => outcome.status == 0,
    };
    ensure(
        (refused || stopped) && status_fits,
        "a refusal by the core",
        &outcome,
    )
}
