//! Attacks by a network card, and by other devices on the buffers of its frames.

use domains::{Cell, Isolation};
use libtest_mimic::Trial;

use super::{MACHINES, cell_is_convicted, is_convicted, passes, without_restarts};
use crate::images::guest_with;
use crate::{Verdict, long, trial};

/// Whose memory a card is told to write.
const VICTIMS: [&str; 6] = [
    "console-window",
    "behind-packets",
    "net",
    "safe",
    "app",
    "hostfs",
];

/// Each on one machine, and the first ones in every run.
pub(super) fn trials() -> impl Iterator<Item = Trial> {
    let gifts = VICTIMS.into_iter().enumerate().map(|(number, victim)| {
        let machine = MACHINES[number % 2];
        let name = format!("dma::a_card_is_given_{victim}_on_{}", machine[1]);
        let trial = trial(name.replace('-', "_"), move || given(victim, machine));
        if number < 3 { trial } else { long(trial) }
    });
    let others = MACHINES[..2].iter().flat_map(|machine| {
        let name = |what| format!("dma::{what}_on_{}", machine[1]);
        [
            trial(name("a_card_has_its_own"), move || own(*machine)),
            trial(name("a_source_of_entropy_is_given_packets"), move || {
                packets(*machine)
            }),
        ]
    });
    gifts.chain(others)
}

/// The flags of such a machine with a network card.
fn with_card(machine: [&'static str; 4]) -> Vec<&'static str> {
    [&without_restarts(machine)[..], &["--net", "user"]].concat()
}

fn given(victim: &str, machine: [&'static str; 4]) -> Verdict {
    let attack = ["dma", "nic", "give", victim];
    let outcome = guest_with(Isolation::Mpk, &attack, &with_card(machine));
    cell_is_convicted(Cell::Nic, &outcome, "dma")
}

fn own(machine: [&'static str; 4]) -> Verdict {
    let attack = ["dma", "nic", "own"];
    passes(&guest_with(Isolation::Mpk, &attack, &with_card(machine)))
}

/// They are mapped, because there is a card.
fn packets(machine: [&'static str; 4]) -> Verdict {
    let attack = ["dma", "give", "known", "packets"];
    let outcome = guest_with(Isolation::Mpk, &attack, &with_card(machine));
    is_convicted(&outcome, "dma")
}
