//! Runs without a fault, by which all others are judged.

use std::path::Path;
use std::time::Duration;

use super::outcome::{End, Seen};
use super::trial::{Limits, Ran, Trial};
use crate::cli::failure::{Failure, report};
use crate::image::symbols::Symbols;
use crate::outlet::tell;
use crate::report::FaultReport;

/// Two runs without a fault, which have to be alike.
pub(super) fn twice(
    trial: &Trial,
    image: &Path,
    time: Duration,
) -> Result<(Ran, Ran), Failure> {
    let limits = Limits {
        instructions: None,
        time,
    };
    let isolation = trial.spec.isolation;
    let once = |what: &str| {
        tell(format_args!("{what} without a fault ({isolation})"));
        let ran = trial.run(None, limits, None)?;
        if !ran.is_whole {
            let message = "without a fault the program prints more than is compared, 1 MiB";
            let help = "what goes wrong behind that would not be seen: have it print less";
            return Err(Failure::new(1, report(message, help)));
        }
        match ran.end {
            End::Program if trial.client.is_some() => {
                let message = "the program ended before it listened, or its client was done";
                Err(Failure::new(
                    1,
                    report(message, "leave `--client` away for one that ends"),
                ))
            }
            End::Program | End::Served => Ok(ran),
            end => {
                let why = why(&ran, end, image);
                let message = format!("without a fault the program does not end well: {why}");
                let help =
                    "see how it goes with `cargo cloister run`; a server needs `--client`";
                Err(Failure::new(1, report(message, help)))
            }
        }
    };
    let (first, second) = (once("running")?, once("running once more")?);
    if let Some(status) = second.seen.client.as_ref().and_then(|client| client.status)
        && status != 0
    {
        tell(format_args!(
            "warning: the client ends with {status} without a fault, too"
        ));
    }
    match difference(&first.seen, &second.seen) {
        None => Ok((first, second)),
        Some(what) => {
            let message = format!("two runs without a fault differ in {what}");
            let help = "nothing could be told from them: have the program say the same each \
                        time, or leave lines that differ out with `--ignore WORD`";
            Err(Failure::new(1, report(message, help)))
        }
    }
}

/// Why a run without a fault did not end well.
fn why(ran: &Ran, end: End, image: &Path) -> String {
    let symbols = Symbols::open(image);
    let fault = ran.faults.last();
    let fault = fault.map(|fault| FaultReport::new(fault, symbols.as_ref()).what);
    let why = ran.problem.clone().or(fault);
    why.unwrap_or_else(|| end.to_string())
}

/// In what two runs differ.
fn difference(first: &Seen, second: &Seen) -> Option<&'static str> {
    let differences = [
        ("their standard output", first.stdout != second.stdout),
        ("their standard error", first.stderr != second.stderr),
        ("their status", first.status != second.status),
        (
            "what they leave in their folders",
            first.files != second.files,
        ),
        ("what the client says", first.client != second.client),
    ];
    let mut differences = differences.into_iter();
    differences
        .find(|(_, differs)| *differs)
        .map(|(what, _)| what)
}
