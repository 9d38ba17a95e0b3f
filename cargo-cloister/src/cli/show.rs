//! Printing on standard output, which may be a pipe without a reader.

use std::fmt::Display;
use std::io;

use super::failure::{Failure, report};
use crate::outlet::Outlet;
use crate::vm::Stream;

/// Prints a line; a reader that went away has read enough.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    let outlet = Outlet::of_process();
    let said = outlet.say(Stream::Stdout, format_args!("{text}\n"));
    match said.and_then(|()| outlet.settle()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let help = "is there room where standard output goes?";
            Err(Failure::build(report(
                format!("cannot print: {error}"),
                help,
            )))
        }
        _ => Ok(()),
    }
}
