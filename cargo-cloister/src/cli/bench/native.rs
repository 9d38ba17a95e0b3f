//! The gates on this machine's own processor, under Linux.
//!
//! The only figures that are cycles. They need a CPU with protection keys; where
//! there is none, that is said, and nothing is measured.

use std::fmt;
use std::process::{Command, Stdio};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::rows;
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

/// What the program found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Timings {
    cpu_model: String,
    microcode: Option<String>,
    kernel: String,
    /// Year, month and day.
    date: String,
    /// Whether this is no processor, but an emulator that has no cycles.
    pub(super) emulated: bool,
    unit: String,
    samples: u64,
    figures: Vec<Timing>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Timing {
    name: String,
    min: f64,
    median: f64,
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
        .arg(&native.page)
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

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microcode = self.microcode.as_deref().unwrap_or("unknown");
        writeln!(
            f,
            "{}, microcode {microcode}, {}, {}; {} samples of {}\n",
            self.cpu_model, self.kernel, self.date, self.samples, self.unit
        )?;
        if self.emulated {
            writeln!(f, "This is an emulator: these are no cycles.\n")?;
        }
        let cells = |timing: &Timing| {
            let numbers = [timing.min, timing.median].map(rows::number);
            [vec![timing.name.clone()], numbers.to_vec()].concat()
        };
        let header = ["figure", "least", "median"];
        f.write_str(&rows::table(&header, 1, self.figures.iter().map(cells)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_is_not_taken_for_a_processor() {
        let text = r#"{"cpu_model":"QEMU","microcode":null,"kernel":"6.1","date":"2026-01-31",
            "emulated":true,"unit":"cycles (TSC reference)","samples":20000,
            "overhead":{"min":24,"median":25},
            "figures":[{"name":"wrpkru","min":5782,"median":6835}]}"#;
        let native: Timings = serde_json::from_str(text).unwrap();
        let text = native.to_string();
        assert!(text.contains("no cycles"), "{text}");
        assert!(text.contains("5,782"), "{text}");
    }
}
