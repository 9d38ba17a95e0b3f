//! The gates: what is left after a call, and every way to jump into them.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::{guest, guest_with};
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "gates::pkru_is_the_applications_after_every_entry".into(),
            pkru,
        ),
        trial(
            "gates::no_offset_and_no_register_gets_through".into(),
            sweep,
        ),
        trial("gates::mutant_without_pkru_checks_is_caught".into(), || {
            mutant("pkru")
        }),
        trial(
            "gates::mutant_without_token_checks_is_caught".into(),
            || mutant("tokens"),
        ),
        trial("gates::xrstor_cannot_change_pkru".into(), xrstor),
        trial(
            "gates::mutant_with_pkru_in_xcr0_is_caught".into(),
            xrstor_mutant,
        ),
        trial(
            "gates::a_driver_cannot_move_the_thread_pointer".into(),
            thread_pointer,
        ),
        trial("gates::registers_survive_10000_preemptions".into(), || {
            preempt(Isolation::Mpk)
        }),
        trial(
            "gates::registers_survive_10000_preemptions_without_walls".into(),
            || preempt(Isolation::None),
        ),
    ]
}

fn pkru() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["pkru"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("after every entry");
    ensure(
        holds,
        "PKRU to be the application's after every entry",
        &outcome,
    )
}

fn sweep() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["sweep"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("none got through");
    ensure(
        holds,
        "every forged jump into the gate page to be stopped",
        &outcome,
    )
}

/// With the checks taken out of the gate page the sweep must find a way in, or
/// bring the machine down: else it has no power.
fn mutant(checks: &str) -> Verdict {
    let outcome = guest(Isolation::Mpk, &["sweep", "without", checks]);
    let blunted = outcome.stdout.contains("checks taken out");
    let caught = outcome.status != 0 && !outcome.stdout.contains("none got through");
    ensure(blunted && caught, "the sweep to catch the mutant", &outcome)
}

fn xrstor() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["xrstor"]);
    ensure(
        outcome.status == 0,
        "PKRU to be the same after XRSTOR",
        &outcome,
    )
}

fn xrstor_mutant() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["xrstor", "mutant"]);
    let caught = outcome.status != 0 && !outcome.stdout.contains("PKRU is as it was");
    ensure(caught, "the test to catch the mutant", &outcome)
}

fn thread_pointer() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["thread-pointer"]);
    ensure(
        outcome.status == 0,
        "the thread pointer to be the application's",
        &outcome,
    )
}

/// Counts instructions as time, so that the slices are as short as they say
/// whatever else the host does.
fn preempt(mode: Isolation) -> Verdict {
    let outcome = guest_with(mode, &["preempt", "10000"], &["--icount"]);
    let count = outcome
        .stdout
        .lines()
        .find_map(|line| line.strip_suffix(" preemptions")?.parse::<u64>().ok());
    let holds = outcome.status == 0 && count.is_some_and(|count| count >= 10_000);
    ensure(
        holds,
        "10,000 preemptions and no changed register",
        &outcome,
    )
}
