//! What drivers may try that breaks no rule, or none at once.

use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::Boot;

use super::{MACHINES, is_rewound, judged, without_restarts};
use crate::images::{TOOL, guest_with, image};
use crate::{ensure, long, trial};

/// What is tried, under which name, with how many CPUs, and the cause of the
/// conviction.
const ATTEMPTS: [(&str, &str, &str, Option<&str>); 12] = [
    ("empty", "buffers_of_no_bytes", "1", None),
    ("behind-end", "no_bytes_behind_the_end", "1", Some("dma")),
    ("shared-rings", "rings_of_two_devices", "1", None),
    ("index", "an_index_that_comes_round", "1", None),
    ("small", "a_queue_that_shrinks", "1", Some("queue")),
    ("resets", "resets_beside_publishing", "4", None),
    ("complaints", "complaints_of_a_device", "1", None),
    (
        "repeat-publish",
        "publishing_for_ever",
        "4",
        Some("deadline"),
    ),
    ("repeat-reset", "resetting_for_ever", "4", Some("deadline")),
    ("repeat-config", "asking_for_ever", "4", Some("deadline")),
    ("repeat-null", "calling_for_ever", "4", Some("deadline")),
    ("nonsense", "nonsense", "1", None),
];
/// What may end in a conviction, or not.
const BY_CHANCE: [(&str, &str); 2] = [
    ("own-rings", "rings_that_their_device_writes"),
    ("calls", "calls_by_chance"),
];
/// What an ordinary run tries, too.
const SHORT: [&str; 3] = [
    "dma::rings_of_two_devices_on_microvm",
    "dma::resets_beside_publishing_on_q35",
    "dma::an_error_for_who_waits_for_input_on_microvm",
];

pub(super) fn trials() -> impl Iterator<Item = Trial> {
    let attempts = ATTEMPTS.iter().flat_map(|(what, name, cpus, cause)| {
        with_cpus(cpus).map(move |machine| attempt(what, name, *cause, machine))
    });
    let by_chance = BY_CHANCE.iter().flat_map(|(what, name)| {
        with_cpus("1").map(move |machine| harmless(what, name, machine))
    });
    attempts.chain(by_chance).chain(with_cpus("1").map(input))
}

/// Both machines with so many CPUs.
fn with_cpus(cpus: &str) -> impl Iterator<Item = [&'static str; 4]> {
    MACHINES
        .into_iter()
        .filter(move |machine| machine[3] == cpus)
}

/// A trial called `name` on a machine, long unless it is one of the short ones.
fn named(name: &str, machine: [&str; 4], trial: impl FnOnce(String) -> Trial) -> Trial {
    let name = format!("dma::{name}_on_{}", machine[1]);
    let is_short = SHORT.contains(&&*name);
    let trial = trial(name);
    if is_short { trial } else { long(trial) }
}

/// An attempt that ends as it must.
fn attempt(
    what: &'static str,
    name: &str,
    cause: Option<&'static str>,
    machine: [&'static str; 4],
) -> Trial {
    let arguments = vec!["dma", "allowed", what];
    named(name, machine, |name| {
        judged(name, arguments, cause, machine)
    })
}

/// An attempt after which there are drivers, or none, and everything else.
fn harmless(what: &'static str, name: &str, machine: [&'static str; 4]) -> Trial {
    named(name, machine, |name| {
        trial(name, move || {
            let outcome = guest_with(
                Isolation::Mpk,
                &["dma", "allowed", what],
                &without_restarts(machine),
            );
            let faults = outcome.faults.len();
            let by_driver = ["dma", "queue"]
                .iter()
                .any(|cause| is_rewound(&outcome, cause));
            let holds = outcome.status == 0 && (faults == 0 || faults == 1 && by_driver);
            ensure(holds, "no harm", &outcome)
        })
    })
}

/// The host says nothing, and does not end the input.
fn input(machine: [&'static str; 4]) -> Trial {
    named("an_error_for_who_waits_for_input", machine, |name| {
        trial(name, move || {
            let boot = Boot {
                arguments: &["dma", "allowed", "input"],
                flags: &without_restarts(machine),
                input_stays_open: true,
                ..Boot::default()
            };
            let outcome = TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot);
            let is_told = outcome.console.contains("who waited for input was told");
            let holds = outcome.status == 0 && is_told;
            ensure(holds, "an error for who waits", &outcome)
        })
    })
}
