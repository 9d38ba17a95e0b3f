//! The command line of the fuzzer.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use fuzz::supervisor::{self, Order};
use fuzz::target::{self, Target};
use fuzz::{heap, seeds};

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

/// Gives bytes that are wrong to a parser.
#[derive(Parser, Debug)]
struct Arguments {
    /// What to fuzz, or `all`, one after the other; without it they are listed.
    target: Option<String>,
    /// How long, each.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What makes the inputs: the same makes the same. Another one goes on elsewhere.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this file, in this process.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Writes the seeds anew that code makes.
    #[arg(long)]
    make_seeds: bool,
    /// Where the input lies that is eaten, for the process that looks after this one.
    #[arg(long, hide = true)]
    plate: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    if arguments.make_seeds {
        seeds::write()?;
        return Ok(ExitCode::SUCCESS);
    }
    let order = Order {
        seed: arguments.seed,
        time: Duration::from_secs(arguments.seconds),
    };
    let Some(name) = &arguments.target else {
        list();
        return Ok(ExitCode::SUCCESS);
    };
    if name == "all" {
        return all(order);
    }
    let target = target::find(name)
        .ok_or_else(|| io::Error::other(format!("there is no target `{name}`")))?;
    match (&arguments.input, &arguments.plate) {
        (Some(input), _) => one(target, &fs::read(input)?),
        (None, Some(plate)) => supervisor::eat(target, order, plate),
        (None, None) => code(supervisor::look_after(target, order)),
    }
}

fn list() {
    for target in target::ALL {
        println!("{:14} {}", target.name, target.what);
    }
}

fn one(target: &Target, input: &[u8]) -> io::Result<ExitCode> {
    let seen = heap::run(target, input);
    println!("{}: {} bytes, seen {seen:#x}", target.name, input.len());
    Ok(ExitCode::SUCCESS)
}

/// All targets, whatever becomes of one of them.
fn all(order: Order) -> io::Result<ExitCode> {
    let mut are_well = true;
    for target in target::ALL {
        are_well &= supervisor::look_after(target, order)?;
    }
    code(Ok(are_well))
}

fn code(is_well: io::Result<bool>) -> io::Result<ExitCode> {
    is_well.map(|is_well| match is_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
