//! The gates on this machine's own processor, under Linux.
//!
//! The only figures that are cycles. They need a CPU with protection keys; where
//! there is none, that is said, and nothing is measured.

mod timings;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

pub(super) use self::timings::Timings;
use super::Set;
use super::baseline::COMMITTED;
use super::documents;
use super::results::Found;
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
    /// Make what is found the committed figures: with documents
    #[arg(long)]
    adopt: bool,
}

impl Native {
    /// Prints what there is to be had here; the status.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let repository = self.adopt.then(repository).transpose()?;
        let measured = measure()?;
        match (&measured, self.output) {
            (Ok(timings), Output::Human) => show::line(timings)?,
            (Ok(timings), Output::Json) => show::line(serde_json::json!(timings))?,
            (Err(why), Output::Human) => show::line(why)?,
            (Err(why), Output::Json) => show::line(serde_json::json!({ "skipped": why }))?,
        }
        if let Some(repository) = repository {
            adopt(&repository, measured)?;
        }
        Ok(0)
    }
}

/// The repository, whose figures can be others.
fn repository() -> Result<PathBuf, Failure> {
    let repository = build::repository().map_err(Failure::build)?;
    let help = "run it in the repository, or leave out `--adopt`";
    repository.ok_or_else(|| Failure::usage("figures are adopted in the repository", help))
}

/// Makes `measured` the committed figures, if it is of a processor.
fn adopt(repository: &Path, measured: Result<Timings, String>) -> Result<(), Failure> {
    let native = match measured {
        Ok(timings) if !timings.emulated => timings,
        Ok(_) => return Err(not_adoptable("an emulator has no cycles")),
        Err(why) => return Err(not_adoptable(&why)),
    };
    let folder = repository.join(COMMITTED);
    let found = Found {
        native: Some(native),
        ..Found::read(&folder.join(Set::Full.file()))?
    };
    found.write(&folder)?;
    documents::renew(repository, &found)
}

fn not_adoptable(why: &str) -> Failure {
    let help = "the committed figures are as they were";
    Failure::new(1, report(format!("nothing can be adopted: {why}"), help))
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
        // Something got through, or a gate that does not work ended the program by a
        // signal.
        _ => Err(failed(&format!("{} {said}", output.status))),
    }
}

fn failed(why: &str) -> Failure {
    let help = "`cargo cloister bench native` attacks and times the gates alone, under Linux";
    Failure::new(
        1,
        report(format!("the native benchmark failed: {why}"), help),
    )
}
