//! `cargo cloister bench`.
//!
//! A benchmark is a program that prints one figure a line. It comes with this
//! tool, beside the components that it measures.

mod compare;
mod figures;
mod measure;

use clap::{Args, Subcommand};

use super::failure::Failure;
use compare::Table;

/// Measure what the walls cost.
#[derive(Args, Debug)]
pub(super) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Calls, yields and switches, in instructions, without walls and with
    Gate(Table),
    /// Threads, locks, channels, clocks and memory of std, the same way
    Std(Table),
}

impl Bench {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.what {
            // Some of its figures are taken inside the kernels.
            What::Gate(table) => table.run("gate", true),
            What::Std(table) => table.run("std", false),
        }
    }
}
