//! All tables in one run, kept and compared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::baseline::Baseline;
use super::results::{MadeWith, Results};
use super::{
    How, Options, Set, Table, compare, curve, files, footprint, noise, programs, services, smp,
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
}

impl All {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let options = Options::of(&self.how);
        let baseline = Baseline::find()?;
        let results = self.measure(&options)?;
        let folder = self.folder()?;
        keep(&results, &folder).map_err(|why| unwritable(&folder, &why))?;
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

    fn folder(&self) -> Result<PathBuf, Failure> {
        match &self.results {
            Some(folder) => Ok(folder.clone()),
            None => build::results().map_err(Failure::build),
        }
    }
}

/// Writes the results where they can be found again.
fn keep(results: &Results, folder: &Path) -> io::Result<()> {
    let name = match results.set {
        Set::Quick => "quick.json",
        Set::Full => "full.json",
    };
    fs::create_dir_all(folder)?;
    fs::write(folder.join(name), results.text())
}

fn made_with() -> Result<MadeWith, Failure> {
    let rustc = build::toolchain::find().map_err(Failure::build)?.version;
    let qemu = Qemu::find().map(|qemu| qemu.version);
    Ok(MadeWith {
        rustc: rustc.to_string(),
        qemu: format!("QEMU {}", qemu.unwrap_or_else(|| "of unknown version".to_owned())),
    })
}

fn unwritable(folder: &Path, why: &io::Error) -> Failure {
    let message = format!("{} cannot be written: {why}", folder.display());
    Failure::new(1, report(message, "name another folder by --results"))
}
