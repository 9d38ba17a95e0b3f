//! `cargo cloister bench`.
//!
//! A benchmark is a program that comes with this tool, beside the components
//! that it measures. There is one module here for each kind of table; without
//! a table's name all of them are made, and compared with the committed ones.

mod all;
mod baseline;
mod claims;
mod compare;
mod counts;
mod curve;
mod documents;
pub(in crate::cli) mod draw;
mod figures;
mod files;
mod footprint;
mod gate;
mod jobs;
mod linux;
mod model;
mod native;
mod noise;
mod program;
mod programs;
mod results;
pub(in crate::cli) mod rows;
mod services;
mod smp;

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::choices::Output;
use super::failure::Failure;
use super::show;
use figures::Comparison;
use program::{Benchmark, Kernels};
use results::Measured;

/// Measure what the walls cost: every table, or one.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Bench {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    all: all::All,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Whole programs that check their results: the paper's ten, and more
    Macro(Whole),
    /// Calls, core calls, switches, faults and interrupts
    Gate(Options),
    /// The paper's `write_bytes`: 1 to 4096 bytes through the drivers' gate
    WriteBytes(Options),
    /// Threads, locks, channels, clocks and memory of std
    Std(Options),
    /// A KiB read and written: files, a folder of the host, streams
    Files(Options),
    /// The same work on 1, 2, 4 and 8 virtual CPUs
    Smp(How),
    /// Requests of HTTP and of the Redis protocol, over the standard streams
    Services(Options),
    /// Requests over TCP, here and on a Linux in the same QEMU
    Linux(linux::Flags),
    /// How often a computation is interrupted, and for how long
    Noise(Options),
    /// Sizes of images, the least memory, lines of code, unsafe blocks
    Footprint(How),
    /// The gates in cycles, on this machine's processor, if it has the keys
    Native(native::Native),
}

/// Flags of whole programs.
#[derive(Args, Debug)]
struct Whole {
    #[command(flatten)]
    options: Options,
    /// All classes, not just the smallest
    #[arg(long)]
    full: bool,
    /// This program alone, as the table names it
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
}

/// What most tables take.
#[derive(Args, Debug, Default)]
struct Options {
    /// The package that measures [default: the one that comes with this tool]
    path: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// How tables are made and shown.
#[derive(Args, Clone, Debug, Default)]
struct How {
    /// Fail with status 1 if a figure is beyond its limit; of all tables, also
    /// if one is worse than the committed one
    #[arg(long)]
    check: bool,
    /// Whom the output is for
    #[arg(long, value_name = "FORMAT", default_value_t)]
    output: Output,
    /// End each run after so many seconds [default: 300, or 3600 for larger classes]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Set {
    /// Whole programs of the smallest class only.
    Quick,
    /// Whole programs of all classes.
    Full,
}

impl Set {
    fn of(is_full: bool) -> Set {
        match is_full {
            true => Set::Full,
            false => Set::Quick,
        }
    }

    /// The file that holds results of this set.
    fn file(self) -> &'static str {
        match self {
            Set::Quick => "quick.json",
            Set::Full => "full.json",
        }
    }

    /// The classes of whole programs in it.
    fn words(self) -> &'static str {
        match self {
            Set::Quick => "class S",
            Set::Full => "classes S, W and A",
        }
    }
}

impl Bench {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.what {
            Some(what) => what.run(),
            None => self.all.run(),
        }
    }
}

impl What {
    fn run(self) -> Result<u8, Failure> {
        match self {
            What::Macro(whole) => {
                let set = Set::of(whole.full);
                let only = whole.program.as_deref();
                let table = programs::measure(&whole.options, set, only)?;
                whole.options.print(&table)
            }
            What::Gate(options) => options.print(&gate::measure(&options)?),
            What::WriteBytes(options) => options.print(&curve::measure(&options)?),
            What::Std(options) => options.print(&std_table(&options)?),
            What::Files(options) => options.print(&files::measure(&options)?),
            What::Smp(how) => how.print(&smp::measure(&how)?),
            What::Services(options) => options.print(&services::measure(&options)?),
            What::Linux(flags) => flags.run(),
            What::Noise(options) => options.print(&noise::measure(&options)?),
            What::Footprint(how) => how.print(&footprint::measure(&how)?),
            What::Native(native) => native.run(),
        }
    }
}

/// What programs of std feel.
fn std_table(options: &Options) -> Result<Comparison, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "std", Kernels::Plain)?;
    compare::measure(options, &benchmark, &[])
}

/// What a benchmark prints.
trait Table: Display {
    /// Whether no figure is beyond its limit.
    fn is_within_limits(&self) -> bool;
    /// The numbers that must not become worse.
    fn measured(&self) -> Vec<Measured>;
}

impl Options {
    /// After how many seconds a run is ended.
    fn timeout(&self) -> u64 {
        self.how.timeout(Set::Quick)
    }

    /// Prints a table; the status.
    fn print(&self, table: &(impl Table + Serialize)) -> Result<u8, Failure> {
        self.how.print(table)
    }
}

impl How {
    /// The same for a table that takes a package.
    fn options(&self) -> Options {
        Options {
            path: None,
            how: self.clone(),
        }
    }

    /// After how many seconds a run is ended.
    fn timeout(&self, set: Set) -> u64 {
        let default = match set {
            Set::Quick => 300,
            Set::Full => 3600,
        };
        self.timeout.unwrap_or(default)
    }

    /// Prints a table; the status.
    fn print(&self, table: &(impl Table + Serialize)) -> Result<u8, Failure> {
        match self.output {
            Output::Human => show::line(table)?,
            Output::Json => show::line(serde_json::json!(table))?,
        }
        Ok(u8::from(self.check && !table.is_within_limits()))
    }
}
