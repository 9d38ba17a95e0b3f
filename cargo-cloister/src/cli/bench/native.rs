//! The gates on this machine's own processor, under Linux.
//!
//! The only figures that are cycles. They need a CPU with protection keys; where
//! there is none, that is said, and nothing is measured.

mod timings;

use std::process::{Command, Stdio};

use clap::Args;

pub(super) use self::timings::{Size, Timings};
use crate::build;
use crate::cli::choices::Output;
use crate::cli::failure::{Failure, report};
use crate::cli::progress::Progress;
use crate::cli::show;

/// The status of the program where it cannot measure.
const SKIPPED: i32 = 77;

/// Flags of this table.
#[derive(Args, Debug)]
pub(super) struct Native {
    /// Whom the output is for
    #[arg(long, value_name = "FORMAT", default_value_t)]
    output: Output,
}

impl Native {
    /// Prints what there is to be had here; the status.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        match (measure()?, self.output) {
            (Ok(timings), Output::Human) => show::line(timings)?,
            (Ok(timings), Output::Json) => show::line(serde_json::json!(timings))?,
            (Err(why), Output::Human) => show::line(why)?,
            (Err(why), Output::Json) => show::line(serde_json::json!({ "skipped": why }))?,
        }
        Ok(0)
    }
}

/// Measures, or says why it cannot be done here.
pub(super) fn measure() -> Result<Result<Timings, String>, Failure> {
    let progress = Progress::start(false);
    let native = build::native_gates(&|what| progress.say(what)).map_err(Failure::build)?;
    progress.say("measuring the gates on this processor");
    let output = Command::new(&native.program)
        .arg("--json")
        .args(&native.pages)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| failed(&why.to_string()))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => serde_json::from_slice(&output.stdout)
            .map(Ok)
            .map_err(|why| failed(&why.to_string())),
        Some(SKIPPED) => Ok(Err(said)),
        // A gate that does not work ends the program by a signal.
        _ => Err(failed(&format!("{} {said}", output.status))),
    }
}

fn failed(why: &str) -> Failure {
    let help = "the gates were run by a program of Linux: no figure of it counts";
    Failure::new(
        1,
        report(format!("the native benchmark failed: {why}"), help),
    )
}
