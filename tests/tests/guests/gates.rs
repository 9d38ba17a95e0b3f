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
