//! Figures that the project claims: counted, not timed, so they cannot flake.

use domains::Isolation;
use libtest_mimic::Trial;
use tests::boot::Boot;

use crate::images::TOOL;
use crate::{Verdict, ensure, trial};

/// An optimised build that shares its std with the one of `bench gate`.
const OPTIMISED: [&str; 4] = [
    "--config",
    "profile.measure.inherits=\"release\"",
    "--profile",
    "measure",
];
/// The peer's stripped image of the same program, without its loader.
const IMAGE_BYTES: u64 = 598_000;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("costs::gates_stay_in_their_budgets".into(), || {
            budgets("gate")
        }),
        trial("costs::std_stays_in_its_budgets".into(), || budgets("std")),
        trial("costs::files_cost_little_beyond_the_copy".into(), || {
            budgets("files")
        }),
        trial("costs::four_cpus_share_the_work".into(), || budgets("smp")),
        trial("costs::an_optimised_hello_is_small".into(), size),
    ]
}

/// The table of that name, with every figure within its limit.
fn budgets(table: &str) -> Verdict {
    let output = TOOL.command(["bench", table, "--check"]).output()?;
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{table}");
    ensure(
        output.status.success(),
        "every figure within its budget",
        &(table, said),
    )
}

fn size() -> Verdict {
    let image = TOOL.build("examples/hello", Isolation::Mpk, &OPTIMISED);
    let bytes = std::fs::metadata(&image)?.len();
    ensure(bytes <= IMAGE_BYTES, "at most 598,000 bytes", &bytes)?;
    let outcome = TOOL.boot(
        &image,
        &Boot {
            flags: &["-m", "4M"],
            ..Boot::default()
        },
    );
    ensure(outcome.status == 0, "to boot in 4 MiB", &outcome)
}
