//! What goes on after a failure: drivers that fail, pointers that lie.

use domains::layout::{GATE_PAGE, gate};
use domains::{Isolation, status};
use libtest_mimic::Trial;

use crate::images::{guest, guest_with};
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "containment::a_driver_that_hangs_is_ended".into(),
            hanging_driver,
        ),
        trial(
            "containment::output_goes_on_behind_a_fault".into(),
            output_goes_on,
        ),
        trial(
            "containment::output_stays_where_it_is_without_files".into(),
            output_without_files,
        ),
        trial(
            "containment::a_cell_that_runs_is_not_stopped".into(),
            stop_meanwhile,
        ),
        trial(
            "containment::a_safe_kernel_that_arms_two_cells_is_halted".into(),
            two_tokens,
        ),
        trial(
            "containment::drivers_see_no_vector_registers".into(),
            vectors,
        ),
        trial(
            "containment::a_driver_at_the_wrong_gate_is_the_culprit".into(),
            wrong_gate,
        ),
        trial("containment::lying_pointers_are_refused".into(), || {
            pointers(Isolation::Mpk)
        }),
        trial(
            "containment::lying_pointers_are_refused_without_walls".into(),
            || pointers(Isolation::None),
        ),
    ]
}

fn hanging_driver() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["attack", "console", "spin"]);
    let reported = outcome.faults.iter().any(|fault| {
        fault["domain"] == "console"
            && fault["cause"] == "deadline"
            && fault["action"] == "rewind"
            && fault["entry"] == "hook"
    });
    ensure(
        reported && outcome.status == 0,
        "the deadline to end the call alone",
        &outcome,
    )
}

fn vectors() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["vectors"]);
    ensure(
        outcome.status == 0,
        "cleared vector registers in a cell",
        &outcome,
    )
}

/// A cell jumps to where threads enter the application, behind the
/// store of the token, which it could not make. It dies at the look at the
/// token, with the application's rights, and is the one that is blamed.
fn wrong_gate() -> Verdict {
    const BEHIND_THE_STORE: u64 = 15;
    let address = format!("{:#x}", GATE_PAGE + gate::ENTER_APP + BEHIND_THE_STORE);
    let outcome = guest(Isolation::Mpk, &["attack", "console", "execute", &address]);
    let blamed = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == "console");
    ensure(
        blamed && outcome.status == 0,
        "the cell to be stopped alone",
        &outcome,
    )
}

/// After a fault in the console it is started anew, and the output goes on.
fn output_goes_on() -> Verdict {
    let attack = ["attack", "console", "read", "0x100000000000"];
    let outcome = guest(Isolation::Mpk, &attack);
    let went_on = outcome.stdout.contains("result -") && outcome.status == 0;
    ensure(
        went_on && outcome.restarts == ["console"],
        "the rest of the output, by the console",
        &outcome,
    )
}

/// A fault in `hostfs` is nothing to `console`.
fn output_without_files() -> Verdict {
    let attack = ["attack", "hostfs", "read", "0x100000000000"];
    let outcome = guest(Isolation::Mpk, &attack);
    let blamed = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == "hostfs");
    let went_on = outcome.stdout.contains("result -") && outcome.status == 0;
    ensure(
        blamed && went_on,
        "the rest of the output on standard output",
        &outcome,
    )
}

/// The core refuses to stop a cell that runs on another CPU.
fn stop_meanwhile() -> Verdict {
    let outcome = guest_with(Isolation::Mpk, &["restarts", "stop", "1"], &["-c", "2"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("refused while it ran");
    ensure(holds, "the core to refuse", &outcome)
}

fn two_tokens() -> Verdict {
    let outcome = guest(Isolation::Mpk, &["clean", "two-tokens"]);
    let halted = outcome.faults.len() == 1 && outcome.faults[0]["action"] == "halt";
    ensure(
        halted && outcome.status == i32::from(status::KERNEL_FAILED),
        "the machine to be halted",
        &outcome,
    )
}

fn pointers(mode: Isolation) -> Verdict {
    let outcome = guest(mode, &["pointers"]);
    let holds = outcome.status == 0 && outcome.stdout.contains("every lie was refused");
    ensure(
        holds && outcome.faults.is_empty(),
        "EFAULT for every bad pointer",
        &outcome,
    )
}
