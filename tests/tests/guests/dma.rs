//! Attacks by a device: drivers that were taken over have it write elsewhere.

mod allowed;
mod nic;

use domains::layout::PHYSICAL_MAP;
use domains::{Cell, Isolation, status};
use libtest_mimic::Trial;
use tests::boot::Outcome;

use crate::images::guest_with;
use crate::reports::number;
use crate::restarts::NEVER;
use crate::{Verdict, ensure, long, trial};

/// Whose memory the device is told to write.
const VICTIMS: [&str; 6] = ["core", "tables", "gate", "safe", "app", "hostfs"];
/// By which address: the one that domains have for it, or the one that plain
/// arithmetic takes for it.
const WAYS: [&str; 2] = ["known", "plain"];
/// Pieces of memory that are partly, or nowhere, the drivers'.
const RANGES: [&str; 5] = [
    "behind-windows",
    "behind-dma",
    "all",
    "wrapping",
    "unmapped",
];
/// Rules of the rings that are broken.
const RULES: [&str; 7] = ["loop", "next", "head", "indirect", "jump", "twice", "tail"];
/// What only gets errors, or none.
const HARMLESS: [&[&str]; 7] = [
    &["works"],
    &["reset"],
    &["refused", "numbers"],
    &["refused", "foreign"],
    &["refused", "features"],
    &["refused", "places"],
    &["refused", "times"],
];
/// Machines and numbers of CPUs.
const MACHINES: [[&str; 4]; 4] = [
    ["--machine", "microvm", "-c", "1"],
    ["--machine", "q35", "-c", "1"],
    ["--machine", "microvm", "-c", "4"],
    ["--machine", "q35", "-c", "4"],
];

pub(crate) fn trials() -> Vec<Trial> {
    let gifts = WAYS
        .iter()
        .flat_map(|way| VICTIMS.map(|victim| vec!["give", way, victim]))
        .chain(RANGES.map(|range| vec!["range", range]))
        .map(|attack| (attack, Some("dma")));
    let rules = RULES.map(|rule| (vec!["rings", rule], Some("queue")));
    let harmless = HARMLESS.map(|what| (what.to_vec(), None));
    let attacks = gifts.chain(rules).chain(harmless);
    let crossed = attacks.enumerate().flat_map(|(number, (attack, cause))| {
        MACHINES
            .into_iter()
            .enumerate()
            .map(move |(place, machine)| {
                let trial = on(&attack, cause, machine);
                // Each on one machine or the other, if not on all.
                if place == number % 2 {
                    trial
                } else {
                    long(trial)
                }
            })
    });
    crossed
        .chain(races())
        .chain(touches())
        .chain([no_walls()])
        .chain(allowed::trials())
        .chain(nic::trials())
        .collect()
}

/// An attack on a machine, and the cause of its conviction.
fn on(
    attack: &[&'static str],
    cause: Option<&'static str>,
    machine: [&'static str; 4],
) -> Trial {
    let [_, kind, _, cpus] = machine;
    let name = format!("dma::{}_on_{kind}_with_{cpus}", attack.join("_"));
    let arguments = [&["dma"], attack].concat();
    judged(name.replace('-', "_"), arguments, cause, machine)
}

/// The trial of that name.
fn judged(
    name: String,
    arguments: Vec<&'static str>,
    cause: Option<&'static str>,
    machine: [&'static str; 4],
) -> Trial {
    trial(name, move || {
        let outcome = guest_with(Isolation::Mpk, &arguments, &without_restarts(machine));
        match cause {
            Some(cause) => is_convicted(&outcome, cause),
            None => passes(&outcome),
        }
    })
}

/// The flags of a machine where a cell that has failed stays so: what it was
/// convicted of is then all that it did.
fn without_restarts(machine: [&'static str; 4]) -> Vec<&'static str> {
    [&machine[..], &NEVER].concat()
}

/// The drivers are convicted, nobody is harmed, and the program goes on.
fn is_convicted(outcome: &Outcome, cause: &str) -> Verdict {
    cell_is_convicted(Cell::Console, outcome, cause)
}

/// The same of the drivers in this cell.
fn cell_is_convicted(cell: Cell, outcome: &Outcome, cause: &str) -> Verdict {
    let reported = outcome.faults.len() == 1 && cell_is_rewound(cell, outcome, cause);
    ensure(reported, "a conviction of the drivers", outcome)?;
    let said = outcome.stdout.split_once("giving ");
    let given = said.and_then(|(_, rest)| rest.lines().next());
    let named = number(&outcome.faults[0]["address"]);
    let is_named = given.is_none_or(|given| number(&given.into()) == named);
    ensure(is_named, "a report of the address", outcome)?;
    // Without the cell of consoles it comes by the core's.
    let says = |output: &String| output.contains("nothing was harmed");
    let goes_on = says(&outcome.console) || says(&outcome.stdout);
    ensure(
        goes_on && outcome.status == 0,
        "nobody harmed, and the program to go on",
        outcome,
    )
}

fn is_rewound(outcome: &Outcome, cause: &str) -> bool {
    cell_is_rewound(Cell::Console, outcome, cause)
}

fn cell_is_rewound(cell: Cell, outcome: &Outcome, cause: &str) -> bool {
    outcome.faults.iter().any(|fault| {
        fault["domain"] == cell.name() && fault["cause"] == cause && fault["action"] == "rewind"
    })
}

fn passes(outcome: &Outcome) -> Verdict {
    let holds = outcome.status == 0 && outcome.faults.is_empty();
    ensure(holds, "errors, and everything to work", outcome)
}

/// The ring is rewritten while it is published.
fn races() -> impl Iterator<Item = Trial> {
    MACHINES[2..].iter().map(|machine| {
        let name = format!("dma::a_ring_that_changes_meanwhile_on_{}", machine[1]);
        trial(name, move || {
            let outcome = guest_with(
                Isolation::Mpk,
                &["dma", "race"],
                &without_restarts(*machine),
            );
            let said = [&outcome.console, &outcome.stdout];
            let is_whole = said.iter().any(|said| said.contains("nothing was harmed"));
            let holds = outcome.status == 0 && is_whole;
            ensure(holds, "a conviction, or no harm", &outcome)?;
            let faults = outcome.faults.len();
            ensure(
                faults == 0 || is_rewound(&outcome, "dma"),
                "no other",
                &outcome,
            )
        })
    })
}

/// What drivers must not touch themselves.
fn touches() -> impl Iterator<Item = Trial> {
    let dma = Cell::Console.dma();
    let places = [
        (
            "a_used_ring",
            Cell::Console.used_ring(0, 5),
            "write",
            "permission",
        ),
        (
            "where_registers_were",
            dma.start + (1 << 30),
            "write",
            "unmapped",
        ),
        ("behind_the_rings", dma.end, "write", "unmapped"),
        ("the_map_of_memory", PHYSICAL_MAP, "write", "supervisor"),
        (
            "registers_in_that_map",
            PHYSICAL_MAP + 0xfeb0_2000,
            "write",
            "supervisor",
        ),
    ];
    places.into_iter().map(|(place, address, access, cause)| {
        trial(format!("dma::a_driver_writes_to_{place}"), move || {
            let address_text = format!("{address:#x}");
            let arguments = ["attack", Cell::Console.name(), access, &address_text];
            let outcome = guest_with(Isolation::Mpk, &arguments, &[]);
            let is_there = |fault: &serde_json::Value| number(&fault["address"]) == address;
            let holds = is_rewound(&outcome, cause) && outcome.faults.iter().any(is_there);
            ensure(holds && outcome.status == 0, "a fault there", &outcome)
        })
    })
}

/// Without walls there is no way back from a driver: the machine ends.
fn no_walls() -> Trial {
    trial(
        "dma::a_driver_ends_the_machine_without_walls".into(),
        || {
            let attack = ["dma", "give", "plain", "core"];
            let outcome = guest_with(Isolation::None, &attack, &[]);
            ensure(outcome.faults.len() == 1, "one report", &outcome)?;
            let fault = &outcome.faults[0];
            let is_named = fault["domain"] == Cell::Console.name()
                && fault["cause"] == "dma"
                && fault["action"] == "halt";
            ensure(is_named, "a report that names the drivers", &outcome)?;
            let holds = outcome.status == i32::from(status::KERNEL_FAILED);
            ensure(holds, "the machine to end", &outcome)
        },
    )
}
