//! A run as people follow it.

use std::fmt::Display;
use std::io;

use domains::Cell;
use domains::notice::Lease;
use domains::report::{Action, Fault, Trace};

use super::{Backtrace, FaultReport, Style, words};
use crate::image::symbols::Symbols;
use crate::outlet::Outlet;
use crate::plain::Plain;
use crate::vm::{Ending, Listening, Sink, Stream};

/// How much is told of a run that goes well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Detail {
    /// Nothing.
    None,
    /// Where to find the program.
    #[default]
    Usual,
    /// All there is.
    All,
}

/// Passes the program's output through as it is, and nothing else on standard
/// output; the core's console and the reports stand on standard error.
#[derive(Default)]
pub struct Terminal {
    symbols: Option<Symbols>,
    style: Style,
    detail: Detail,
    /// Lines of backtraces that wait likewise.
    traces: Vec<Trace>,
    /// Reports that wait until the program's output is complete.
    last_words: Vec<FaultReport>,
    /// The last fault that the machine survived.
    survived: Option<FaultReport>,
    /// What has happened once more, as long as nobody was told.
    again: Option<String>,
}

impl Terminal {
    /// A listener that names addresses by `symbols`, and shows as much of a
    /// backtrace as `style` wants.
    pub fn new(symbols: Option<Symbols>, style: Style) -> Terminal {
        Terminal {
            symbols,
            style,
            detail: Detail::default(),
            traces: Vec::new(),
            last_words: Vec::new(),
            survived: None,
            again: None,
        }
    }

    /// The same listener, who tells this much.
    #[must_use]
    pub fn with_detail(self, detail: Detail) -> Terminal {
        Terminal { detail, ..self }
    }

    /// Tells something to who wants to know this much.
    fn tell(&self, detail: Detail, line: &str) -> io::Result<()> {
        match self.detail >= detail {
            true => say(format_args!("{}\n", Plain::line(line))),
            false => Ok(()),
        }
    }

    /// Shows a fault that the machine survives. If it is as the last, one line for it
    /// and for the new start that follows is enough.
    fn survive(&mut self, report: FaultReport) -> io::Result<()> {
        self.tell_again()?;
        if let Some(last) = &self.survived
            && last.is_like(&report)
        {
            self.again = Some(report.what);
            return Ok(());
        }
        say(&report)?;
        self.survived = Some(report);
        Ok(())
    }

    /// Says what happened once more, if no new start has followed.
    fn tell_again(&mut self) -> io::Result<()> {
        let again = self.again.take();
        again.map_or(Ok(()), |what| self.warning(&format!("again: {what}")))
    }

    fn backtraces(&mut self) -> io::Result<()> {
        if self.style == Style::Off {
            return Ok(());
        }
        let backtraces = Backtrace::read(&self.traces, self.symbols.as_ref());
        backtraces
            .iter()
            .try_for_each(|backtrace| say(backtrace.show(self.style)))
    }
}

impl Sink for Terminal {
    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        Outlet::of_process().pass(stream, bytes)
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        say(format_args!("[core] {}\n", Plain::line(line)))
    }

    fn warning(&mut self, line: &str) -> io::Result<()> {
        say(format_args!("warning: {}\n", Plain::line(line)))
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        let report = FaultReport::new(fault, self.symbols.as_ref());
        if fault.action == Action::Rewind {
            return self.survive(report);
        }
        self.last_words.push(report);
        Ok(())
    }

    fn restarted(&mut self, cell: Cell, requests: u64) -> io::Result<()> {
        let what = match self.again.take() {
            Some(what) => format!("{what}; restarted"),
            None => format!("{} was restarted", cell.title()),
        };
        self.warning(&format!("{what}, requests under way: {requests}"))
    }

    fn listening(&mut self, listening: &Listening) -> io::Result<()> {
        let ways = listening.ways();
        ways.iter()
            .try_for_each(|line| self.tell(Detail::Usual, line))?;
        let aside = listening.aside();
        let detail = match listening.listener.is_local {
            true => Detail::All,
            false => Detail::Usual,
        };
        aside.map_or(Ok(()), |line| self.tell(detail, &line))?;
        let obstacle = listening.obstacle();
        obstacle.map_or(Ok(()), |line| self.warning(&line))
    }

    fn settled(&mut self, lease: &Lease) -> io::Result<()> {
        match lease.address() {
            Some(_) => self.tell(Detail::All, &words::network(lease)),
            None => self.warning(&words::network(lease)),
        }
    }

    fn trace(&mut self, trace: Trace) -> io::Result<()> {
        self.traces.push(trace);
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        self.tell_again()?;
        self.backtraces()?;
        self.last_words.drain(..).try_for_each(say)
    }

    fn outlet(&self) -> Option<&'static Outlet> {
        Some(Outlet::of_process())
    }
}

fn say(words: impl Display) -> io::Result<()> {
    Outlet::of_process().say(Stream::Stderr, words)
}
