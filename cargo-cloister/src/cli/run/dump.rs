//! `--on-violation=core`: what a program leaves that is stopped.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use goblin::elf::Elf;
use serde_json::json;
use tempfile::TempDir;

use crate::cli::choices::Output;
use crate::cli::failure::{Failure, report};
use crate::cli::show;
use crate::dump;
use crate::image::Component;
use crate::image::packed::Packed;
use crate::image::sidecar;
use crate::outlet::tell;
use crate::vm::{Ending, Reason, Spec};

/// What a program leaves that is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(in crate::cli) enum OnViolation {
    /// The report alone
    #[default]
    Exit,
    /// Its memory and registers, too
    Core,
}

impl fmt::Display for OnViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OnViolation::Exit => "exit",
            OnViolation::Core => "core",
        })
    }
}

/// A run whose memory can be looked at afterwards, or one like any other.
#[derive(Debug)]
pub(super) struct Dumped {
    spec: Spec,
    /// Holds the memory.
    _folder: Option<TempDir>,
}

/// Gets a run ready for what it is to leave.
pub(super) fn before(what: OnViolation, spec: Spec) -> Result<Dumped, Failure> {
    if what == OnViolation::Exit {
        return Ok(Dumped {
            spec,
            _folder: None,
        });
    }
    let folder = tempfile::tempdir().map_err(|error| {
        let message = format!("the guest's memory cannot be kept: {error}");
        Failure::build(report(
            message,
            "is there room in the folder for temporary files?",
        ))
    })?;
    let spec = Spec {
        memory_file: Some(folder.path().join("memory")),
        ..spec
    };
    Ok(Dumped {
        spec,
        _folder: Some(folder),
    })
}

impl Dumped {
    /// How to run.
    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Writes what the program has left, if it was stopped.
    pub(super) fn write(&self, ending: &Ending, output: Output) -> Result<(), Failure> {
        let (Some(memory), Some(registers)) = (&self.spec.memory_file, &ending.registers)
        else {
            return Ok(());
        };
        if ending.reason != Reason::Violation {
            return Ok(());
        }
        let target = PathBuf::from(format!("{}.core", self.spec.program));
        let machine = self.spec.machine;
        let written = dump::write(&target, memory, machine, registers, self.entry());
        let size = written.map_err(|error| {
            let message = format!("no core dump at `{}`: {error}", target.display());
            Failure::build(report(message, "is there room, and may you write there?"))
        })?;
        match output {
            Output::Human => {
                tell(format_args!(
                    "core dump: {} ({} KiB); the program's symbols are `app` in {}",
                    target.display(),
                    size / 1024,
                    sidecar::path_of(&self.spec.image).display()
                ));
                Ok(())
            }
            Output::Json => show::line(json!({
                "event": "core", "path": target.display().to_string(), "bytes": size,
            })),
        }
    }

    /// The address of the program's entry, as its own symbols have it.
    fn entry(&self) -> Option<u64> {
        let image = fs::read(&self.spec.image).ok()?;
        let packed = Packed::read(&image).ok()?;
        let archive = fs::read(sidecar::path_of(&self.spec.image)).ok()?;
        let files = sidecar::read(&archive, &packed.build_id)?;
        let (_, app) = files.iter().find(|(of, _)| *of == Component::App)?;
        let entry = Elf::parse(app).ok()?.entry;
        Some(crate::image::symbols::base(Component::App, app).wrapping_add(entry))
    }
}
