//! Drivers that let others wait for a server, and servers that are reset.

use std::fs;

use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use super::{GUEST, MICROVM, Q35, Server, VIRTIOFS, VIRTIOFS_ON_MICROVM, at, folder};
use crate::images::{TOOL, image};
use crate::restarts::NEVER;
use crate::{Verdict, ensure, long, trial};

/// What the safe kernel says of a storm.
const GIVEN_UP: &str = "`hostfs` failed too often and is given up";

pub(super) fn by_ninep() -> Vec<Trial> {
    vec![
        storm("storm", "1"),
        trial("volumes::a_storm_in_a_call_is_ended".into(), endless_storm),
        long(storm("storm", "2")),
        long(storm("slow-storm", "1")),
        long(storm("slow-storm", "2")),
        trial("volumes::who_waits_hears_of_a_fault".into(), abandoned),
        trial("volumes::a_fault_in_console_leaves_files".into(), beside),
        long(nonsense(Q35)),
        long(nonsense(MICROVM)),
    ]
}

pub(super) fn by_virtiofs() -> Vec<Trial> {
    vec![
        reset(VIRTIOFS),
        long(reset(VIRTIOFS_ON_MICROVM)),
        long(nonsense(VIRTIOFS)),
    ]
}

/// Boots the guest with a volume at `/data`.
fn boot(server: &Server, name: &str, flags: &[&str], arguments: &[&str]) -> Outcome {
    let volume = at(&folder(name), "/data");
    let flags = [server.flags, flags, &["--volume", &volume], &NEVER].concat();
    let boot = Boot {
        flags: &flags,
        arguments,
        ..Boot::default()
    };
    TOOL.boot(&image(GUEST, Isolation::Mpk), &boot)
}

/// A driver whose device interrupts for nothing, again and again, is not called
/// any more: the program goes on, and who waits gets an error.
fn storm(what: &'static str, cpus: &'static str) -> Trial {
    let name = what.replace('-', "_");
    trial(format!("volumes::a_{name}_ends_with_{cpus}"), move || {
        let name = format!("{what}-{cpus}");
        let outcome = boot(&MICROVM, &name, &["-c", cpus], &["volume", "/data", what]);
        ensure(outcome.console.contains(GIVEN_UP), "a word of it", &outcome)?;
        goes_on(&outcome)?;
        ensure(outcome.faults.is_empty(), "no fault", &outcome)
    })
}

/// A cell that does not return is ended, however often its device interrupts. The
/// deadline is a hundred looks: hardly any comes to a host where interrupts put looks
/// off.
fn endless_storm() -> Verdict {
    let volume = at(&folder("endless-storm"), "/data");
    let limits = ["--cell-deadline", "1000", "--timeout", "20", "-c", "1"];
    let flags = [MICROVM.flags, &["--volume", &volume], &limits];
    let boot = Boot {
        flags: &flags.concat(),
        arguments: &["volume", "/data", "endless-storm"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image(GUEST, Isolation::Mpk), &boot);
    let causes: Vec<_> = outcome.faults.iter().map(|fault| &fault["cause"]).collect();
    ensure(
        outcome.status == 0 && causes == ["deadline"],
        "the deadline to end the call, and the file",
        &outcome,
    )
}

/// A fault in `console` is nothing to `hostfs`.
fn beside() -> Verdict {
    let outcome = boot(&MICROVM, "beside", &[], &["volume", "/data", "beside"]);
    let content = fs::read(TOOL.scratch_file("volume-beside").join("file"));
    let is_whole = content.is_ok_and(|content| content == b"after");
    let went_on = outcome.status == 0 && outcome.console.contains("passed");
    ensure(
        went_on && is_whole,
        "a file that was written without a console",
        &outcome,
    )
}

/// Nothing but the fault itself ends the wait: the server has no limit.
fn abandoned() -> Verdict {
    let flags = ["--volume-timeout", "1000000"];
    let arguments = ["volume", "/data", "abandoned"];
    let outcome = boot(&MICROVM, "abandoned", &flags, &arguments);
    goes_on(&outcome)?;
    ensure(outcome.faults.len() == 1, "one fault", &outcome)
}

/// The cell of files has failed, and nothing else.
fn goes_on(outcome: &Outcome) -> Verdict {
    let holds = outcome.status == 0 && outcome.stdout.contains("passed");
    ensure(holds, "errors, and the program to go on", outcome)
}

/// A server in a process of its own has nothing any more once it is reset.
fn reset(server: Server) -> Trial {
    let name = format!("volumes::nothing_comes_after_a_reset_of_{}", server.name);
    by_hand(server, name, "server")
}

fn nonsense(server: Server) -> Trial {
    let name = format!("volumes::nonsense_to_{}", server.name);
    by_hand(server, name, "nonsense")
}

/// Rings that are written by hand.
fn by_hand(server: Server, name: String, what: &'static str) -> Trial {
    trial(name, move || {
        let name = format!("{what}-{}", server.name);
        let outcome = boot(&server, &name, &[], &["dma", "allowed", what]);
        let holds = outcome.status == 0 && outcome.faults.is_empty();
        ensure(holds, "nobody harmed, and no conviction", &outcome)
    })
}
