//! All tables in one run, kept and compared.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::NamedTempFile;

use super::baseline::{Baseline, COMMITTED, Changes};
use super::documents;
use super::native::{self, Timings};
use super::results::{Found, MadeWith, Results};
use super::{How, Set, Table, curve, files, footprint, gate, noise, programs, services, smp};
use crate::build;
use crate::cli::choices::Output;
use crate::cli::failure::{Failure, report};
use crate::cli::show;
use crate::outlet::tell;
use crate::setup::Qemu;

/// Flags of a run that makes every table.
#[derive(Args, Debug)]
pub(super) struct All {
    #[command(flatten)]
    how: How,
    /// All classes of the whole programs, not just the smallest
    #[arg(long)]
    full: bool,
    /// Where results and figures go [default: below the target folder]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// Take these results instead of measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["full", "timeout"])]
    from: Option<PathBuf>,
    /// Make full results the committed ones: with figures and documents
    #[arg(long, conflicts_with = "results")]
    adopt: bool,
}

impl All {
    pub(super) fn run(self) -> Result<u8, Failure> {
        // What cannot be kept must not be measured for an hour first.
        let folder = self.folder()?;
        Found::native(&folder)?;
        let baseline = Baseline::find()?;
        let found = match &self.from {
            Some(file) => Found::read(file)?,
            None => Found {
                native: self.native()?,
                // Its command alone measures it: it takes a Linux and its time.
                linux: None,
                results: self.measure()?,
            },
        };
        self.keep(&found, &folder)?;
        self.judge(&found, baseline.as_ref(), &folder)
    }

    /// Says what is beyond a limit or has become worse; the status.
    fn judge(
        &self,
        found: &Found,
        baseline: Option<&Baseline>,
        folder: &Path,
    ) -> Result<u8, Failure> {
        let exceeded = found.results.exceeded();
        let changes = baseline.map(|baseline| baseline.compare(&found.results));
        let worse = changes.as_ref().map_or(Vec::new(), Changes::worse);
        if self.how.output == Output::Json {
            show::line(serde_json::json!({
                "results": found.results,
                "native": found.native,
                "exceeded": exceeded,
                "worse": worse,
            }))?;
        }
        if let Some(changes) = &changes {
            self.say(changes)?;
        }
        self.say(format_args!("Results are in {}.", folder.display()))?;
        for table in &exceeded {
            tell(format_args!("beyond a limit: table {table}"));
        }
        let are_regressions = changes.is_some_and(|changes| changes.are_regressions());
        let is_bad = !exceeded.is_empty() || are_regressions;
        Ok(u8::from(self.how.check && is_bad))
    }

    fn measure(&self) -> Result<Results, Failure> {
        let (how, set) = (&self.how, Set::of(self.full));
        let options = &how.options();
        Ok(Results {
            set,
            made_with: made_with()?,
            gate: self.show("gate", gate::measure(options)?)?,
            write_bytes: self.show("write-bytes", curve::measure(options)?)?,
            std: self.show("std", super::std_table(options)?)?,
            files: self.show("files", files::measure(options)?)?,
            services: self.show("services", services::measure(options)?)?,
            noise: self.show("noise", noise::measure(options)?)?,
            smp: self.show("smp", smp::measure(how)?)?,
            footprint: self.show("footprint", footprint::measure(how)?)?,
            programs: self.show("macro", programs::measure(options, set, None)?)?,
        })
    }

    /// The gates on this machine's processor, if it has the keys. That it cannot be
    /// had is no reason to have nothing; but if something gets through the gates,
    /// nothing else is worth measuring.
    fn native(&self) -> Result<Option<Timings>, Failure> {
        let native = match native::build() {
            Ok(native) => native,
            Err(failure) => {
                failure.print();
                return Ok(None);
            }
        };
        let measured = native::measure(&native)?;
        match &measured {
            Ok(timings) => self.say(format_args!("## native\n\n{timings}\n"))?,
            Err(why) => self.say(format_args!("## native\n\n{why}\n"))?,
        }
        // What an emulator says of cycles is not kept.
        Ok(measured.ok().filter(|timings| !timings.emulated))
    }

    /// Shows a table as soon as it is there.
    fn show<T: Table>(&self, name: &str, table: T) -> Result<T, Failure> {
        self.say(format_args!("## {name}\n\n{table}\n"))?;
        Ok(table)
    }

    fn say(&self, text: impl Display) -> Result<(), Failure> {
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
        let try_it = || {
            fs::create_dir_all(&folder)?;
            NamedTempFile::new_in(&folder).map(drop)
        };
        try_it().map_err(|why| unwritable(&folder, &why))?;
        Ok(folder)
    }

    /// The repository, if the results that there will be can become its own.
    fn repository(&self) -> Result<PathBuf, Failure> {
        let repository = build::repository().map_err(Failure::build)?;
        let will_be_full = self.full || self.from.is_some();
        repository
            .filter(|_| will_be_full)
            .ok_or_else(not_adoptable)
    }

    /// Writes results and figures, and documents if they are adopted.
    fn keep(&self, found: &Found, folder: &Path) -> Result<(), Failure> {
        if !self.adopt {
            return found.write(folder);
        }
        if found.results.set != Set::Full || !found.results.exceeded().is_empty() {
            // They are not adopted, but not lost either.
            let kept = build::results().map_err(Failure::build)?;
            fs::create_dir_all(&kept).map_err(|why| unwritable(&kept, &why))?;
            found.write(&kept)?;
            tell(format_args!("the results are in {}", kept.display()));
            return Err(not_adoptable());
        }
        found.write(folder)?;
        let found = Found::read(&folder.join(Set::Full.file()))?;
        documents::renew(&self.repository()?, &found)
    }
}

fn not_adoptable() -> Failure {
    Failure::usage(
        "only full results within all limits can be adopted, and only in the repository",
        "measure with `--full`, or name such results by `--from`",
    )
}

pub(super) fn made_with() -> Result<MadeWith, Failure> {
    let rustc = build::toolchain::find().map_err(Failure::build)?.version;
    let qemu = Qemu::find().map(|qemu| qemu.version);
    Ok(MadeWith {
        rustc: rustc.to_string(),
        qemu: qemu.unwrap_or_else(|| "an unknown QEMU".to_owned()),
    })
}

pub(super) fn unwritable(folder: &Path, why: &io::Error) -> Failure {
    let message = format!("{} cannot be written: {why}", folder.display());
    Failure::new(
        1,
        report(
            message,
            "may you write there? `--results` names another folder",
        ),
    )
}
