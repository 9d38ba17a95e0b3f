//! Listens to a machine that runs tests, and counts those that end well.

use std::io;
use std::time::{Duration, Instant};

use domains::report::{Fault, Trace};

use super::show::Reporter;
use super::stream::{Event, Piece, Stream as Events};
use super::verdict::{Tally, Verdict};
use crate::outlet::Outlet;
use crate::plain::Plain;
use crate::vm::{Ending, Patience, Sink, Stream};

/// What is heard from one boot.
pub(super) struct Watch<'a> {
    /// Whom to tell of tests as they come and go.
    pub(super) reporter: &'a mut dyn Reporter,
    /// Where to count them.
    pub(super) tally: &'a mut Tally,
    /// The tests that have begun and not ended.
    pub(super) running: Vec<String>,
    /// Those that have ended.
    pub(super) ended: Vec<String>,
    /// Every fault, in order.
    pub(super) faults: Vec<Fault>,
    /// Every line of a backtrace, in order.
    pub(super) traces: Vec<Trace>,
    /// What the running tests have printed; what is passed on is not kept.
    pub(super) output: Vec<u8>,
    events: Events,
    limit: Duration,
    last_news: Instant,
    passes_on: bool,
}

impl<'a> Watch<'a> {
    /// Listens, with patience for each test; passes the tests' output on if
    /// that is wanted, and else keeps it.
    pub(super) fn new(
        reporter: &'a mut dyn Reporter,
        tally: &'a mut Tally,
        limit: Duration,
        passes_on: bool,
    ) -> Watch<'a> {
        Watch {
            reporter,
            tally,
            running: Vec::new(),
            ended: Vec::new(),
            faults: Vec::new(),
            traces: Vec::new(),
            output: Vec::new(),
            events: Events::default(),
            limit,
            last_news: Instant::now(),
            passes_on,
        }
    }

    fn piece(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Text(text) => self.text(Stream::Stdout, &text),
            Piece::Event(event) if event.about == "test" => self.event(event),
            // Suites begin and end, which the count of tests says as well.
            Piece::Event(_) => Ok(()),
        }
    }

    fn event(&mut self, event: Event) -> io::Result<()> {
        self.last_news = Instant::now();
        let verdict = match event.event.as_str() {
            "started" => return self.begin(event.name),
            "ok" => Verdict::Ok,
            "ignored" => Verdict::Ignored(event.message.unwrap_or_default()),
            "failed" => Verdict::Failed(event.message.unwrap_or("it failed".into())),
            _ => return Ok(()),
        };
        self.end(&event.name, &verdict)
    }

    fn begin(&mut self, name: String) -> io::Result<()> {
        if self.running.is_empty() {
            self.output.clear();
        }
        self.reporter.started(&name)?;
        self.running.push(name);
        Ok(())
    }

    /// Counts a test that has ended.
    pub(super) fn end(&mut self, name: &str, verdict: &Verdict) -> io::Result<()> {
        self.running.retain(|running| running != name);
        self.ended.push(name.to_owned());
        self.tally.count(name, verdict, &self.output);
        self.reporter.finished(name, verdict)
    }

    fn text(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match (self.passes_on, stream) {
            (true, Stream::Stdout) => self.reporter.output(bytes),
            (true, Stream::Stderr) => Outlet::of_process().pass(stream, bytes),
            (false, _) => {
                self.output.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

impl Sink for Watch<'_> {
    fn started(&mut self) -> io::Result<()> {
        self.last_news = Instant::now();
        Ok(())
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stderr => self.text(stream, bytes),
            Stream::Stdout => {
                let pieces = self.events.push(bytes);
                pieces.into_iter().try_for_each(|piece| self.piece(piece))
            }
        }
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        self.text(
            Stream::Stderr,
            format!("[core] {}\n", Plain::line(line)).as_bytes(),
        )
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        self.faults.push(*fault);
        Ok(())
    }

    fn trace(&mut self, trace: Trace) -> io::Result<()> {
        self.traces.push(trace);
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        self.events
            .finish()
            .map_or(Ok(()), |piece| self.piece(piece))
    }

    fn outlet(&self) -> Option<&'static Outlet> {
        Some(Outlet::of_process())
    }

    fn patience(&self) -> Option<Patience> {
        Some(Patience {
            until: self.last_news + self.limit,
            seconds: self.limit.as_secs_f64(),
        })
    }
}
