//! The command line of `cargo cloister`.
//!
//! Each subcommand is a file of its own. All end with a status: the guest
//! program's own, or one that [`domains::status`] lists.

mod bench;
mod build;
mod cargo;
mod choices;
mod defaults;
mod doctor;
mod failure;
mod inject;
mod inspect;
mod new;
mod parts;
mod progress;
mod run;
mod runner;
mod show;
mod subject;
mod test;
mod walls;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use domains::status;

use crate::outlet::Outlet;
use crate::plain::Plain;
use crate::vm::Stream;
use failure::Failure;

/// What the list of subcommands does not tell.
const AFTER_HELP: &str = "\
First commands:
  cargo cloister new hello           Make a package
  cargo cloister run hello --setup   Install what is missing, build it and boot it
  cargo cloister inspect hello       See its walls
  cargo cloister run --help          Read what each exit status means

Environment:
  CLOISTER_SETUP      Set to 1, the same as --setup everywhere
  CLOISTER_ISOLATION  The runner's isolation: mpk or none
  CLOISTER_RUSTC      The compiler, one with its library source
  CLOISTER_LINKER     The guest's linker: rust-lld or ld.lld
  CLOISTER_QEMU       QEMU's program, by its name or path
  CLOISTER_VIRTIOFSD  The server of folders by virtio-fs, by its path";

/// Runs ordinary Rust programs on a unikernel with walls inside.
#[derive(Parser, Debug)]
#[command(
    name = "cargo cloister",
    bin_name = "cargo cloister",
    version,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The structs' own comments are the help; a comment on a variant would hide
/// all of them but their first lines.
#[derive(Subcommand, Debug)]
enum Command {
    Build(build::Build),
    Run(Box<run::Run>),
    Test(Box<test::Test>),
    Runner(runner::Runner),
    Inject(Box<inject::Inject>),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    New(new::New),
    Doctor(doctor::Doctor),
}

/// Runs this process's command line.
pub fn main() -> ExitCode {
    keep_messages_whole();
    let status = match Cli::try_parse_from(without_own_name(std::env::args_os())) {
        Ok(cli) => cli.command.run().unwrap_or_else(|failure| failure.print()),
        Err(error) => told(&error),
    };
    let _nobody_reads = Outlet::of_process().settle();
    ExitCode::from(status)
}

/// Prints what the parser has to say, help or an error; the status.
///
/// Its colours are kept where the words in it, which may be anybody's, could not
/// be mistaken for some.
fn told(error: &clap::Error) -> u8 {
    let words = error.render().to_string();
    let stream = match error.use_stderr() {
        true => Stream::Stderr,
        false => Stream::Stdout,
    };
    let outlet = Outlet::of_process();
    let _nowhere_to_print = match Plain::text(&words).to_string() == words {
        true => error.print(),
        false => outlet.say(stream, words).and_then(|()| outlet.settle()),
    };
    u8::try_from(error.exit_code()).unwrap_or(status::USAGE)
}

/// A message that is broken into lines can be neither searched nor copied.
fn keep_messages_whole() {
    let whole = |_: &_| -> Box<dyn miette::ReportHandler> {
        Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).build())
    };
    // Fails only if a handler was set before, which then is to stay.
    let _set_before = miette::set_hook(Box::new(whole));
}

impl Command {
    fn run(self) -> Result<u8, Failure> {
        match self {
            Command::Build(build) => build.run(),
            Command::Run(run) => run.run(),
            Command::Test(test) => test.run(),
            Command::Runner(runner) => runner.run(),
            Command::Inject(inject) => inject.run(),
            Command::Inspect(inspect) => inspect.run(),
            Command::Bench(bench) => bench.run(),
            Command::New(new) => new.run(),
            Command::Doctor(doctor) => doctor.run(),
        }
    }
}

/// Cargo calls its subcommands with the subcommand's name as first argument;
/// people call the program without.
fn without_own_name(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments
        .get(1)
        .is_some_and(|argument| argument == "cloister")
    {
        arguments.remove(1);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn cargo_and_people_are_understood_alike() {
        for line in [&["x", "cloister", "doctor"][..], &["x", "doctor"]] {
            let arguments = without_own_name(line.iter().map(OsString::from));
            assert_eq!(arguments, ["x", "doctor"]);
        }
    }
}
