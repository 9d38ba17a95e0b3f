//! `cargo cloister bench`.
//!
//! A benchmark is a program that comes with this tool, beside the components
//! that it measures. There is one file here for each kind of table.

mod compare;
mod figures;
mod files;
mod measure;
mod smp;

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::choices::Output;
use super::failure::Failure;
use super::show;

/// Measure what the walls cost, and what several CPUs gain.
#[derive(Args, Debug)]
pub(super) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Calls, yields and switches, in instructions, without walls and with
    Gate(Options),
    /// Threads, locks, channels, clocks and memory of std, the same way
    Std(Options),
    /// A KiB read and written, in memory and on a folder of the host
    Files(Options),
    /// Pi on 1, 2, 4 and 8 virtual CPUs: the instructions of the busiest one
    Smp(Options),
}

/// What every table takes.
#[derive(Args, Debug)]
struct Options {
    /// The package that measures [default: the one that comes with this tool]
    path: Option<PathBuf>,
    /// Fail with status 1 if a figure is beyond its limit
    #[arg(long)]
    check: bool,
    /// Whom the output is for
    #[arg(long, value_name = "FORMAT", default_value_t)]
    output: Output,
    /// End each run after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

impl Bench {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.what {
            // Some of its figures are taken inside the kernels.
            What::Gate(options) => compare::run(&options, "gate", true),
            What::Std(options) => compare::run(&options, "std", false),
            What::Files(options) => files::run(&options),
            What::Smp(options) => smp::run(&options),
        }
    }
}

/// What a benchmark prints.
trait Table: Display + Serialize {
    /// Whether no figure is beyond its limit.
    fn is_within_limits(&self) -> bool;
}

impl Options {
    /// Prints a table; the status.
    fn print(&self, table: &impl Table) -> Result<u8, Failure> {
        match self.output {
            Output::Human => show::line(table)?,
            Output::Json => show::line(serde_json::json!(table))?,
        }
        Ok(u8::from(self.check && !table.is_within_limits()))
    }
}
