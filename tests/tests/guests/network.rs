//! The network, and images that do without it.

mod clients;
mod kept;
mod lasting;
mod peer;
mod programs;
mod served;
mod servers;
mod soak;
mod tap;

use std::path::PathBuf;

use domains::{Cell, Isolation};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use tests::boot::Boot;

use crate::images::TOOL;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let of_mode = |mode: Isolation| {
        trial(
            format!("network::{mode}::an_image_without_it_runs_and_calls_no_cell_of_it"),
            move || left_out(mode),
        )
    };
    let left_out = Isolation::ALL.into_iter().map(of_mode);
    left_out
        .chain(servers::trials())
        .chain(kept::trials())
        .chain(peer::trials())
        .chain(clients::trials())
        .chain(soak::trials())
        .chain(lasting::trials())
        .chain(tap::trials())
        .collect()
}

/// The cell of the stack has no devices, so it would be started at boot.
fn left_out(mode: Isolation) -> Verdict {
    let image = without_net(mode)?;
    let mut inspect = TOOL.command(["inspect", "--json"]);
    let described = inspect.arg(&image).output()?;
    let described: Value = serde_json::from_slice(&described.stdout)?;
    let cells = [Cell::Nic, Cell::Net].map(Cell::name);
    let named = described["left_out"].as_array().ok_or("no list")?;
    if !named.iter().eq(cells.iter()) {
        return Err(format!("{named:?} were left out, and not {cells:?}").into());
    }
    let outcome = TOOL.boot(&image, &Boot::default());
    let is_quiet = outcome.console.is_empty() && outcome.faults.is_empty();
    ensure(
        outcome.status == 0 && is_quiet,
        "no word of the cells",
        &outcome,
    )?;
    let boot = Boot {
        flags: &["--publish", "0:80"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image, &boot);
    let is_refused = outcome.messages.contains("was built with `--without net`");
    ensure(is_refused, "no network without its cells", &outcome)
}

/// An image of its own: others want the same example as it usually is.
fn without_net(mode: Isolation) -> Result<PathBuf, Failed> {
    let image = TOOL.scratch_file(&format!("without-net.{mode}.cloister"));
    let line = [
        "build",
        "examples/hello",
        "--isolation",
        mode.name(),
        "--without",
        "net",
        "-o",
    ];
    let output = TOOL.command(line).arg(&image).output()?;
    match output.status.success() {
        true => Ok(image),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}
