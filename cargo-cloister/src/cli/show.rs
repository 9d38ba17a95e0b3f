//! Printing on standard output, which may be a pipe without a reader.

use std::fmt::Display;
use std::io::{self, Write};

use super::failure::{Failure, report};

/// Prints a line; a reader that went away has read enough.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
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
