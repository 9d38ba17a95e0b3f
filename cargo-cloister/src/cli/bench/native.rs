//! The gates on this machine's own processor, under Linux: attacked, then timed.
//!
//! The only figures that are cycles. They need a CPU with protection keys; where
//! there is none, that is said, and nothing is attacked or measured.

mod timings;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

pub(super) use self::timings::Timings;
use super::Set;
use super::baseline::COMMITTED;
use super::documents;
use super::results::{Found, Results};
use crate::build::{self, NativeGates};
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
        let place = self.adopt.then(Place::find).transpose()?;
        let measured = measure(&build()?)?;
        match (&measured, self.output) {
            (Ok(timings), Output::Human) => show::line(timings)?,
            (Ok(timings), Output::Json) => show::line(serde_json::json!(timings))?,
            (Err(why), Output::Human) => show::line(why)?,
            (Err(why), Output::Json) => show::line(serde_json::json!({ "skipped": why }))?,
        }
        if let Some(place) = place {
            place.adopt(measured)?;
        }
        Ok(0)
    }
}

/// The repository, and its results beside which figures are put.
struct Place {
    repository: PathBuf,
    results: Results,
}

impl Place {
    fn find() -> Result<Place, Failure> {
        let repository = build::repository().map_err(Failure::build)?;
        let help = "run it in the repository, or leave out `--adopt`";
        let repository = repository
            .ok_or_else(|| Failure::usage("figures are adopted in the repository", help))?;
        let results = repository.join(COMMITTED).join(Set::Full.file());
        Ok(Place {
            results: Results::read(&results)?,
            repository,
        })
    }

    /// Makes `measured` the committed figures, if it is of a processor.
    fn adopt(self, measured: Result<Timings, String>) -> Result<(), Failure> {
        let native = match measured {
            Ok(timings) if !timings.emulated => timings,
            Ok(_) => return Err(not_adoptable("an emulator has no cycles")),
            Err(why) => return Err(not_adoptable(&why)),
        };
        let found = Found {
            native: Some(native),
            linux: None,
            results: self.results,
        };
        let folder = self.repository.join(COMMITTED);
        found.write(&folder)?;
        // With what was found otherwise.
        let found = Found::read(&folder.join(Set::Full.file()))?;
        documents::renew(&self.repository, &found)
    }
}

fn not_adoptable(why: &str) -> Failure {
    let help = "the committed figures are as they were";
    Failure::new(1, report(format!("nothing can be adopted: {why}"), help))
}

/// What measures, built.
pub(super) fn build() -> Result<NativeGates, Failure> {
    let progress = Progress::start(false);
    build::native_gates(&|what| progress.say(what)).map_err(Failure::build)
}

/// Measures, or says why it cannot be done here. What got through the gates, or
/// gave a wrong answer, is a failure.
pub(super) fn measure(native: &NativeGates) -> Result<Result<Timings, String>, Failure> {
    let progress = Progress::start(false);
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
        // A gate that does not work may have ended the program by a signal.
        _ => Err(failed(&format!("{} {said}", output.status))),
    }
}

fn failed(why: &str) -> Failure {
    let help =
        "if something got through, walls do not hold on this processor: please report it";
    Failure::new(
        1,
        report(format!("the native benchmark failed: {why}"), help),
    )
}
