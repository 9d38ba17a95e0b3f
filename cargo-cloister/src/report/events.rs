//! A run as programs follow it: one JSON object a line.

use std::io::{self, Write};

use domains::Cell;
use domains::notice::{Lease, Origin, Versions};
use domains::report::{Fault, Trace};
use serde_json::{Value, json};

use super::{Backtrace, FaultReport};
use crate::image::symbols::Symbols;
use crate::outlet::Outlet;
use crate::plain;
use crate::vm::{Ending, Listening, Publish, Sink, Stream, Utf8Pieces, WeakWalls};

/// Turns all that a guest says into events.
///
/// Every event has an `event` field: `weak-walls`, `published`, `started`, `stdout`,
/// `stderr`, `console`, `network`, `listening`, `fault`, `restart`, `backtrace` or,
/// once and last, `exit`.
pub struct Events<W> {
    to: W,
    symbols: Option<Symbols>,
    stdout: Utf8Pieces,
    stderr: Utf8Pieces,
    traces: Vec<Trace>,
}

impl<W: Write> Events<W> {
    /// Writes events to `to`.
    pub fn new(to: W, symbols: Option<Symbols>) -> Events<W> {
        let (stdout, stderr) = (Utf8Pieces::default(), Utf8Pieces::default());
        Events {
            to,
            symbols,
            stdout,
            stderr,
            traces: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) -> io::Result<()> {
        writeln!(self.to, "{}", plain::json(event)?)?;
        self.to.flush()
    }

    /// Tells the backtraces, whatever RUST_BACKTRACE says: who reads events
    /// can leave them out.
    fn backtraces(&mut self) -> io::Result<()> {
        for backtrace in Backtrace::read(&self.traces, self.symbols.as_ref()) {
            let mut event = serde_json::to_value(&backtrace)?;
            event["event"] = "backtrace".into();
            self.event(&event)?;
        }
        Ok(())
    }

    fn text(&mut self, stream: Stream, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.event(&json!({ "event": name(stream), "text": text }))
    }
}

fn name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    }
}

impl<W: Write> Sink for Events<W> {
    fn weak_walls(&mut self, weak: &WeakWalls) -> io::Result<()> {
        let message = weak.to_string();
        self.event(&json!({
            "event": "weak-walls", "qemu": weak.qemu, "message": message,
        }))
    }

    fn published(&mut self, publish: &Publish) -> io::Result<()> {
        self.event(&json!({
            "event": "published",
            "host": publish.host_address().to_string(),
            "port": publish.guest,
            "protocol": publish.protocol.name(),
        }))
    }

    fn started(&mut self) -> io::Result<()> {
        self.event(&json!({ "event": "started" }))
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let text = match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        };
        self.text(stream, &text)
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        self.event(&json!({ "event": "console", "text": line }))
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        let report = FaultReport::new(fault, self.symbols.as_ref());
        let mut event = serde_json::to_value(&report)?;
        event["event"] = "fault".into();
        self.event(&event)
    }

    fn restarted(&mut self, cell: Cell, requests: u64) -> io::Result<()> {
        let cell = cell.name();
        self.event(&json!({ "event": "restart", "cell": cell, "requests": requests }))
    }

    fn listening(&mut self, listening: &Listening) -> io::Result<()> {
        let listener = listening.listener;
        let versions = match listener.versions {
            Versions::Both => &[4, 6][..],
            Versions::V4 => &[4],
            Versions::V6 => &[6],
        };
        let hosts = listening.host_addresses().map(|host| host.to_string());
        self.event(&json!({
            "event": "listening",
            "port": listener.port,
            "protocol": listener.protocol.name(),
            "versions": versions,
            "local": listener.is_local,
            "hosts": hosts.collect::<Vec<_>>(),
            "problem": listening.obstacle(),
        }))
    }

    fn settled(&mut self, lease: &Lease) -> io::Result<()> {
        let address = lease.address().map(|address| address.to_string());
        let origin = match lease.origin {
            Origin::Dhcp => "dhcp",
            Origin::Given => "given",
        };
        self.event(&json!({
            "event": "network", "address": address, "prefix": lease.prefix, "by": origin,
        }))
    }

    fn trace(&mut self, trace: Trace) -> io::Result<()> {
        self.traces.push(trace);
        Ok(())
    }

    fn ended(&mut self, ending: &Ending) -> io::Result<()> {
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        self.text(Stream::Stdout, &stdout)?;
        self.text(Stream::Stderr, &stderr)?;
        self.backtraces()?;
        let problem = ending.problem.as_ref().map(ToString::to_string);
        self.event(&json!({
            "event": "exit",
            "status": ending.status,
            "reason": ending.reason,
            "problem": problem,
        }))
    }

    fn outlet(&self) -> Option<&'static Outlet> {
        Some(Outlet::of_process())
    }
}

#[cfg(test)]
mod tests {
    use crate::vm::Reason;

    use super::*;

    #[test]
    fn a_run_is_a_list_of_events() {
        let mut out = Vec::new();
        let mut events = Events::new(&mut out, None);
        let ending = Ending {
            status: 120,
            reason: Reason::Program,
            problem: None,
            registers: None,
        };
        events.started().expect("a vector takes all");
        events
            .output(Stream::Stdout, b"hi \xe2\x82")
            .expect("a vector takes all");
        events
            .output(Stream::Stdout, b"\xac\n")
            .expect("a vector takes all");
        events
            .output(Stream::Stderr, b"\xff")
            .expect("a vector takes all");
        events.ended(&ending).expect("a vector takes all");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "{\"event\":\"started\"}\n\
             {\"event\":\"stdout\",\"text\":\"hi \"}\n\
             {\"event\":\"stdout\",\"text\":\"€\\n\"}\n\
             {\"event\":\"stderr\",\"text\":\"\u{fffd}\"}\n\
             {\"event\":\"exit\",\"problem\":null,\"reason\":\"program\",\"status\":120}\n"
        );
    }
}
