//! Every forbidden access of the domain table, attacked.

use domains::edge::{Forbidden, Target, forbidden};
use domains::layout::{self, CORE_OFFSET, CORE_PHYSICAL};
use domains::{Access, Area, Domain, Isolation, status};
use libtest_mimic::Trial;
use tests::boot::{self, Outcome};

use crate::images::{TOOL, guest_with};
use crate::reports::number;
use crate::{Verdict, above_all_of_two_cells, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let stopped =
        forbidden().map(|edge| trial(name("edges::", &edge), move || is_stopped(edge)));
    // The mutant of all the key walls is the image without them: there the
    // same attacks must go through, or the trials above would show nothing.
    let mutants = forbidden().filter(is_key_wall).map(|edge| {
        let trial = trial(name("mutant_without_keys::", &edge), move || {
            goes_through(edge)
        });
        above_all_of_two_cells(edge.domain, trial)
    });
    stopped.chain(mutants).collect()
}

fn name(group: &str, edge: &Forbidden) -> String {
    format!(
        "{group}{}_{}s_{}",
        edge.domain,
        edge.access,
        edge.target.name()
    )
}

/// Where a page of the target is mapped, readable but for its key.
fn address(target: Target) -> u64 {
    match target {
        Target::Core => CORE_OFFSET + CORE_PHYSICAL,
        Target::Area(Area::Text) => layout::GATE_PAGE,
        Target::Area(Area::Info) => layout::TIME_PAGE,
        Target::Area(area) => layout::region_of(area).map_or(0, |region| region.start),
    }
}

fn attack(edge: &Forbidden, mode: Isolation, flags: &[&str]) -> Outcome {
    let address = format!("{:#x}", address(edge.target));
    let arguments = ["attack", edge.domain.name(), edge.access.name(), &address];
    guest_with(
        mode,
        &arguments,
        &[flags, devices_for(edge.target)].concat(),
    )
}

/// The flags of a machine that has such pages: those that a device shares are there
/// only if it is.
pub(crate) fn devices_for(target: Target) -> &'static [&'static str] {
    match target {
        Target::Area(Area::Packets) => &["--net", "user"],
        _ => &[],
    }
}

fn is_stopped(edge: Forbidden) -> Verdict {
    let log = TOOL.scratch_file(&format!(
        "{}.interrupts",
        name("edges::", &edge).replace(':', "-")
    ));
    let flags = ["--trace-interrupts", &log.to_string_lossy()];
    let outcome = attack(&edge, Isolation::Mpk, &flags);
    let report = outcome.faults.first().cloned().unwrap_or_default();
    ensure(
        report["domain"] == edge.domain.name(),
        "a report that names the domain",
        &outcome,
    )?;
    ensure(
        number(&report["error"]) == edge.error_code(),
        "its error code",
        &outcome,
    )?;
    ensure(
        number(&report["address"]) == address(edge.target),
        "its address",
        &outcome,
    )?;
    ensure(
        report["page"] == edge.target.name(),
        "a report that names the target",
        &outcome,
    )?;
    ensure(
        outcome.status == status_after(edge.domain),
        "the status of its domain",
        &outcome,
    )?;
    let seen = boot::page_faults(&log);
    let witnessed = seen.contains(&(edge.error_code(), address(edge.target)));
    ensure(
        witnessed,
        "the same fault in QEMU's log",
        &(outcome.faults, seen),
    )
}

/// What becomes of the machine when a domain faults.
fn status_after(domain: Domain) -> i32 {
    match domain {
        Domain::App => i32::from(status::VIOLATION),
        Domain::Safe => i32::from(status::KERNEL_FAILED),
        // The safe kernel gets an error and the program goes on.
        Domain::Cell(_) => 0,
    }
}

/// Loads stopped by a key alone: without keys, nothing else is in the way.
fn is_key_wall(edge: &Forbidden) -> bool {
    edge.access == Access::Read && edge.target != Target::Core
}

fn goes_through(edge: Forbidden) -> Verdict {
    let outcome = attack(&edge, Isolation::None, &[]);
    let holds = outcome.status == 0 && outcome.faults.is_empty();
    ensure(
        holds && outcome.stdout.contains("result 0"),
        "no wall in its way",
        &outcome,
    )
}
