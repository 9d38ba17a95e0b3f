//! A run as people follow it.

use std::io::{self, Write};

use domains::report::{Action, Fault};

use super::FaultReport;
use crate::image::symbols::Symbols;
use crate::vm::{Ending, Sink, Stream};

/// Passes the program's output through as it is, and nothing else on standard
/// output; the core's console and the reports stand on standard error.
#[derive(Default)]
pub struct Terminal {
    symbols: Option<Symbols>,
    /// Reports that wait until the program's output is complete.
    last_words: Vec<FaultReport>,
}

impl Terminal {
    /// A listener that names addresses by `symbols`.
    pub fn new(symbols: Option<Symbols>) -> Terminal {
        Terminal {
            symbols,
            last_words: Vec::new(),
        }
    }
}

impl Sink for Terminal {
    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stdout => write_through(io::stdout().lock(), bytes),
            Stream::Stderr => write_through(io::stderr().lock(), bytes),
        }
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        writeln!(io::stderr(), "[core] {line}")
    }

    fn warning(&mut self, line: &str) -> io::Result<()> {
        writeln!(io::stderr(), "warning: {line}")
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        let report = FaultReport::new(fault, self.symbols.as_ref());
        if fault.action == Action::Rewind {
            return write!(io::stderr(), "{report}");
        }
        self.last_words.push(report);
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        self.last_words
            .drain(..)
            .try_for_each(|report| write!(io::stderr(), "{report}"))
    }
}

fn write_through(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
