//! Crates from crates.io in the guest, unmodified.

use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, image};
use crate::{Verdict, above_all_with_walls, ensure, trial};

/// The program with a check for each crate.
const PROGRAMS: &str = "tests/programs";

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    vec![
        trial(
            format!("crates::{mode}::all_give_known_answers"),
            move || known_answers(mode, "1"),
        ),
        above_all_with_walls(
            mode,
            trial(
                format!("crates::{mode}::all_do_so_on_four_cpus"),
                move || known_answers(mode, "4"),
            ),
        ),
        trial(
            format!("crates::{mode}::clap_ends_the_program"),
            move || command_line(mode),
        ),
    ]
}

fn run(mode: Isolation, flags: &[&str], arguments: &[&str]) -> Outcome {
    let boot = Boot {
        flags,
        arguments,
        ..Boot::default()
    };
    TOOL.boot(&image(PROGRAMS, mode), &boot)
}

fn known_answers(mode: Isolation, cpus: &str) -> Verdict {
    let outcome = run(mode, &["-c", cpus], &["all", "--cpus", cpus]);
    let holds = outcome.status == 0 && outcome.stdout.ends_with("programs: all passed\n");
    ensure(holds, "every check of every crate to pass", &outcome)
}

/// Usage on standard output and 0, or a complaint on standard error and 2.
fn command_line(mode: Isolation) -> Verdict {
    let help = run(mode, &[], &["--help"]);
    let holds = help.status == 0 && help.stdout.contains("Usage:") && help.stderr.is_empty();
    ensure(holds, "help, and status 0", &help)?;
    let wrong = run(mode, &[], &["raion"]);
    let said = wrong.stderr.contains("similar value exists: 'rayon'");
    ensure(
        wrong.status == 2 && said && wrong.stdout.is_empty(),
        "a suggestion, and status 2",
        &wrong,
    )
}
