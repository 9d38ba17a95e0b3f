//! All tables in one run, kept and compared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::baseline::{Baseline, COMMITTED};
use super::documents::{self, DOCUMENTS};
use super::native::Native;
use super::results::{Found, MadeWith, Results};
use super::{
    How, Options, Set, Table, compare, curve, files, footprint, native, noise, programs,
    services, smp,
};
use crate::build;
use crate::cli::choices::Output;
use crate::cli::failure::{Failure, report};
use crate::cli::show;
use crate::setup::Qemu;

/// Flags of a run that makes every table.
#[derive(Args, Debug)]
pub(super) struct All {
    #[command(flatten)]
    how: How,
    /// Where results and figures go [default: below the target folder]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// Take these results instead of measuring
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Make full results the committed ones: with figures and documents
    #[arg(long, conflicts_with = "results")]
    adopt: bool,
}

impl All {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let options = Options::of(&self.how);
        // What cannot be kept must not be measured for an hour first.
        let folder = self.folder()?;
        let baseline = Baseline::find()?;
        let found = match &self.from {
            Some(file) => Found::read(file)?,
            None => Found {
                results: self.measure(&options)?,
                native: self.native()?,
            },
        };
        self.keep(&found, &folder)?;
        let results = found.results;
        if self.how.output == Output::Json {
            show::line(serde_json::json!(results))?;
        }
        let changes = baseline.map(|baseline| baseline.compare(&results));
        if let Some(changes) = &changes {
            self.say(changes)?;
        }
        self.say(format_args!("Results are in {}.", folder.display()))?;
        let is_good = results.tables().iter().all(|(_, it)| it.is_within_limits())
            && changes.is_none_or(|changes| !changes.are_regressions());
        Ok(u8::from(self.how.check && !is_good))
    }

    fn measure(&self, options: &Options) -> Result<Results, Failure> {
        Ok(Results {
            set: options.set(),
            made_with: made_with()?,
            gate: self.show("gate", compare::measure(options, "gate", true, &[])?)?,
            write_bytes: self.show("write-bytes", curve::measure(options)?)?,
            std: self.show("std", compare::measure(options, "std", false, &[])?)?,
            files: self.show("files", files::measure(options)?)?,
            services: self.show("services", services::measure(options)?)?,
            noise: self.show("noise", noise::measure(options)?)?,
            smp: self.show("smp", smp::measure(options)?)?,
            footprint: self.show("footprint", footprint::measure(options)?)?,
            programs: self.show("macro", programs::measure(options)?)?,
        })
    }

    /// The gates on this machine's processor, if it has the keys.
    fn native(&self) -> Result<Option<Native>, Failure> {
        let native = native::measure()?;
        match &native {
            Ok(native) => self.say(format_args!("## native\n\n{native}\n"))?,
            Err(why) => self.say(format_args!("## native\n\n{why}\n"))?,
        }
        // What an emulator says of cycles is not kept.
        Ok(native.ok().filter(|native| !native.emulated))
    }

    /// Shows a table as soon as it is there.
    fn show<T: Table>(&self, name: &str, table: T) -> Result<T, Failure> {
        self.say(format_args!("## {name}\n\n{table}\n"))?;
        Ok(table)
    }

    fn say(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        match self.how.output {
            Output::Human => show::line(text),
            Output::Json => Ok(()),
        }
    }

    /// Where results and figures go: a folder that is there.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let folder = match &self.results {
            Some(folder) => folder.clone(),
            None if self.adopt => self.repository()?.join(COMMITTED),
            None => build::results().map_err(Failure::build)?,
        };
        fs::create_dir_all(&folder).map_err(|why| unwritable(&folder, &why))?;
        Ok(folder)
    }

    /// The repository, if the results that there will be can become its own.
    fn repository(&self) -> Result<PathBuf, Failure> {
        let repository = build::repository().map_err(Failure::build)?;
        let will_be_full = self.how.full || self.from.is_some();
        repository
            .filter(|_| will_be_full)
            .ok_or_else(not_adoptable)
    }

    /// Writes results and figures, and documents if they are adopted.
    fn keep(&self, found: &Found, folder: &Path) -> Result<(), Failure> {
        if !self.adopt {
            return found.write(folder);
        }
        if found.results.set != Set::Full {
            return Err(not_adoptable());
        }
        found.write(folder)?;
        let found = Found::read(&folder.join(Set::Full.file()))?;
        renew_documents(&self.repository()?, &found)
    }
}

fn renew_documents(repository: &Path, found: &Found) -> Result<(), Failure> {
    for document in DOCUMENTS {
        let path = repository.join(document);
        let text = fs::read_to_string(&path).map_err(|why| unwritable(&path, &why))?;
        let text = documents::renewed(&text, found)?;
        fs::write(&path, text).map_err(|why| unwritable(&path, &why))?;
    }
    Ok(())
}

fn not_adoptable() -> Failure {
    Failure::usage(
        "only full results can be adopted, and only in the repository",
        "measure with `--full`, or name such results by `--from`",
    )
}

fn made_with() -> Result<MadeWith, Failure> {
    let rustc = build::toolchain::find().map_err(Failure::build)?.version;
    let qemu = Qemu::find().map(|qemu| qemu.version);
    Ok(MadeWith {
        rustc: rustc.to_string(),
        qemu: format!(
            "QEMU {}",
            qemu.unwrap_or_else(|| "of unknown version".to_owned())
        ),
    })
}

pub(super) fn unwritable(folder: &Path, why: &io::Error) -> Failure {
    let message = format!("{} cannot be written: {why}", folder.display());
    Failure::new(1, report(message, "name another folder by --results"))
}
