//! Whether a gate holds on this processor, and what it costs in cycles, under an
//! ordinary Linux.
//!
//! The program maps the gate pages that images carry, byte for byte, at their
//! address, one after the other, and around them stacks, entry tables and a CPU
//! page with the keys of the domain table. Then it crosses the gates with the
//! rights of the domains and times that. While it does, nothing but the control
//! `getpid` enters Linux.
//!
//! Numbers appear only at the end, when the page with walls has withstood its
//! attacks and every call has given the answer that it should; a gate that does
//! not work ends the process by a signal before.
//! Exit statuses: 0 measured, 1 failed, 77 skipped, because processor or
//! kernel lacks what that takes.

use std::process::ExitCode;

use domains::Isolation;

use crate::arguments::Arguments;
use crate::machine::Machine;
use crate::page::GatePage;
use crate::report::Report;

mod arguments;
mod attack;
mod figures;
mod handlers;
mod loops;
mod machine;
mod measure;
mod page;
mod pages;
mod probes;
mod quiet;
mod report;
mod rounds;
mod walls;

/// Why there are no numbers.
#[derive(PartialEq, Eq, Debug)]
enum Stop {
    /// This machine cannot run gates, or not attack or time them.
    Skipped(String),
    /// A gate, or what was asked for, is wrong.
    Failed(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Stop {
        Stop::Failed(why)
    }
}

fn main() -> ExitCode {
    let (status, why) = match run() {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Stop::Skipped(why)) => (77, format!("skipped: {why}")),
        Err(Stop::Failed(why)) => (1, why),
    };
    eprintln!("native-bench: {why}");
    ExitCode::from(status)
}

fn run() -> Result<(), Stop> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let machine = Machine::look()?;
    let [none, mpk] = &arguments.pages;
    let pages = [
        GatePage::read(none, Isolation::None)?,
        GatePage::read(mpk, Isolation::Mpk)?,
    ];
    quiet::prepare().map_err(Stop::Skipped)?;
    let mut walls = walls::raise(&handlers::tables())?;
    let [_, mpk] = &pages;
    let attacks = attack::run(&mut walls, mpk)?;
    let measured = figures::measure(&mut walls, &pages, arguments.samples)?;
    if !machine.emulated && !measured.has_cycles() {
        return Err(Stop::Skipped(format!(
            "{attacks}; but it is not known how many cycles instructions take on this processor"
        )));
    }
    let report = Report {
        machine,
        date: arguments.date,
        attacks,
        measured,
    };
    match arguments.json {
        true => println!("{}", report.json()),
        false => print!("{report}"),
    }
    Ok(())
}
