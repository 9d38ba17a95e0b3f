//! A subcommand that did not work out, and its status.

use std::fmt::Display;

use domains::status;
use miette::Report;

use crate::outlet::Outlet;
use crate::setup::SetupError;
use crate::testing::Stopped;
use crate::vm::{self, Stream};

mod words;

use words::Words;

/// What went wrong, and the status that says so.
#[derive(Debug)]
pub(super) struct Failure {
    status: u8,
    report: Report,
}

impl Failure {
    pub(super) fn new(status: u8, report: impl Into<Report>) -> Failure {
        Failure {
            status,
            report: report.into(),
        }
    }

    /// Wraps a failure to build, pack or verify.
    pub(super) fn build(report: impl Into<Report>) -> Failure {
        Failure::new(status::BUILD_FAILED, report)
    }

    /// A command line that makes no sense.
    pub(super) fn usage(message: impl Display, help: impl Display) -> Failure {
        Failure::new(status::USAGE, report(message, help))
    }

    /// Tells the user, and gives the status.
    pub(super) fn print(&self) -> u8 {
        // What is drawn around the words may have colours, so the words are made
        // plain before it.
        let report = Report::new(Words::of(&self.report));
        let shown = format!("{report:?}\n");
        let outlet = Outlet::of_process();
        let said = outlet.pass(Stream::Stderr, shown.as_bytes());
        let _nobody_listens = said.and_then(|()| outlet.settle());
        self.status
    }
}

/// A report of a message with what to do.
pub(super) fn report(message: impl Display, help: impl Display) -> Report {
    miette::miette!(help = help.to_string(), "{message}")
}

impl From<vm::Error> for Failure {
    fn from(error: vm::Error) -> Failure {
        Failure::new(error.status(), error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Failure {
        Failure::new(stopped.status(), stopped)
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Failure {
        Failure::build(error)
    }
}
