//! Cargo's options that are known here only to be refused.
//!
//! Unknown to the parser, they would be answered with a guess at what was
//! meant; the reason why they cannot be used says more.

use std::ffi::OsString;

use clap::builder::OsStringValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use domains::status;

use crate::build::{self, REFUSED};
use crate::cli::failure::Failure;

/// Those that were given all the same.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Refused(Vec<OsString>);

impl Refused {
    /// Refuses what makes no sense for an image.
    pub(in crate::cli) fn check(&self) -> Result<(), Failure> {
        let refused = build::refuse_arguments(&self.0);
        refused.map_err(|error| Failure::new(status::USAGE, error))
    }
}

impl Args for Refused {
    fn augment_args(command: Command) -> Command {
        REFUSED
            .iter()
            .fold(command, |command, (flag, _)| command.arg(hidden(flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Refused::augment_args(command)
    }
}

impl FromArgMatches for Refused {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Refused, Error> {
        let given = REFUSED
            .iter()
            .map(|(flag, _)| *flag)
            .filter(|flag| matches.value_source(flag) == Some(ValueSource::CommandLine));
        Ok(Refused(given.map(OsString::from).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Refused::from_arg_matches(matches)?;
        Ok(())
    }
}

/// An option that may have a value, and is not in the help.
fn hidden(flag: &'static str) -> Arg {
    Arg::new(flag)
        .long(flag.trim_start_matches('-'))
        .hide(true)
        .num_args(0..=1)
        .action(ArgAction::Append)
        .value_parser(OsStringValueParser::new())
}
