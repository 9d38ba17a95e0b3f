//! The gates: what is left after a call, and every way to jump into them.

mod interrupted;

use domains::attack::{ATTACKERS, mutants};
use domains::{Domain, Isolation, status};
use libtest_mimic::Trial;

use crate::images::{guest, guest_with};
use crate::{Verdict, above_all_of_two_cells, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mutants = mutants().map(|(attacker, check)| mutant(attacker, check.name()));
    let sweeps = ATTACKERS.map(sweep);
    let mut trials = vec![
        trial(
            "gates::pkru_is_the_applications_after_every_entry".into(),
            pkru,
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
    ];
    trials.push(trial(
        "gates::an_interrupt_at_each_instruction_changes_no_rights".into(),
        interrupted::trial,
    ));
    trials.extend(sweeps);
    trials.extend(mutants);
    trials
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

fn sweep(attacker: Domain) -> Trial {
    let name = format!("gates::no_offset_and_no_register_gets_{attacker}_through");
    trial(name, move || {
        let outcome = guest(Isolation::Mpk, &["sweep", attacker.name()]);
        let holds = outcome.status == 0 && outcome.stdout.contains("none got through");
        ensure(
            holds,
            "every forged jump into the gate page to be stopped",
            &outcome,
        )
    })
}

/// With the checks taken out of the gate page the sweep must find a way in,
/// and live to tell: else it has no power.
fn mutant(attacker: Domain, checks: &'static str) -> Trial {
    let name = format!("gates::mutant_without_{checks}_checks_is_caught_by_{attacker}");
    let trial = trial(name, move || {
        let arguments = ["sweep", attacker.name(), "without", checks];
        let outcome = guest(Isolation::Mpk, &arguments);
        let mut lines = outcome.stdout.lines();
        let is_blunt = lines.any(|line| line.ends_with("checks taken out"));
        let is_caught = lines
            .any(|line| line.ends_with(" got through") && !line.ends_with("none got through"));
        ensure(
            is_blunt && is_caught && outcome.status == 1,
            "the sweep to catch the mutant",
            &outcome,
        )
    });
    above_all_of_two_cells(attacker, trial)
}

fn xrstor() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["xrstor"]);
    ensure(
        outcome.status == 0,
        "PKRU to be the same after XRSTOR",
        &outcome,
    )
}

/// With PKRU zero the program gets no further than to its next interrupt or
/// fault: the core knows that PKRU is nobody's and ends it. Either that is
/// reported, or the program was quick and saw it itself.
fn xrstor_mutant() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["xrstor", "mutant"]);
    let is_seen = outcome.status == 1 && outcome.stdout.contains("PKRU became 0x0");
    let is_reported = outcome.status == i32::from(status::VIOLATION)
        && outcome.faults.iter().any(|fault| fault["pkru"] == 0);
    ensure(
        is_seen || is_reported,
        "the test to catch the mutant",
        &outcome,
    )
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
