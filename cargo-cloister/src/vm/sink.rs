//! Who listens to a guest.

use std::io;
use std::time::Instant;

use domains::Cell;
use domains::notice::Lease;
use domains::report::{Fault, Trace};

use super::{Ending, Listening, Publish, WeakWalls};
use crate::outlet::Outlet;

/// One of the program's two outputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes what a guest prints and reports, as it comes.
pub trait Sink {
    /// The walls of the run that begins do not hold against hostile code.
    fn weak_walls(&mut self, weak: &WeakWalls) -> io::Result<()> {
        self.warning(&weak.to_string())
    }

    /// A port of this machine leads into the guest, for as long as it runs.
    fn published(&mut self, _publish: &Publish) -> io::Result<()> {
        Ok(())
    }

    /// The program is about to run.
    fn started(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The program printed.
    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// The core printed a line on its own console.
    fn console(&mut self, line: &str) -> io::Result<()>;

    /// Something of the host goes wrong, and the run goes on.
    fn warning(&mut self, line: &str) -> io::Result<()> {
        self.console(line)
    }

    /// A domain faulted.
    fn fault(&mut self, fault: &Fault) -> io::Result<()>;

    /// A cell had failed, and is started anew. So many requests were under way.
    fn restarted(&mut self, cell: Cell, requests: u64) -> io::Result<()> {
        let title = cell.title();
        self.warning(&format!(
            "{title} was restarted, requests under way: {requests}"
        ))
    }

    /// A socket of the program waits for others.
    fn listening(&mut self, _listening: &Listening) -> io::Result<()> {
        Ok(())
    }

    /// The guest has an address of IPv4, or knows that it will have none.
    fn settled(&mut self, _lease: &Lease) -> io::Result<()> {
        Ok(())
    }

    /// The program dies, and says a line of its backtrace.
    fn trace(&mut self, _trace: Trace) -> io::Result<()> {
        Ok(())
    }

    /// The run is over; nothing follows.
    fn ended(&mut self, ending: &Ending) -> io::Result<()>;

    /// When the listener loses its patience, if ever: the run is then ended as
    /// by its time limit.
    fn patience(&self) -> Option<Patience> {
        None
    }

    /// Where the listener's words wait for a reader, if they do: a run goes on
    /// only while there is room, and is over when all is written.
    fn outlet(&self) -> Option<&'static Outlet> {
        None
    }
}

/// How long a listener still waits.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Patience {
    /// When it stops.
    pub until: Instant,
    /// How many seconds it will have waited then.
    pub seconds: f64,
}

/// Keeps all that a guest says.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// What the program printed on standard output.
    pub stdout: Vec<u8>,
    /// What it printed on standard error.
    pub stderr: Vec<u8>,
    /// The core's own console, by line.
    pub console: Vec<String>,
    /// Every fault, in order.
    pub faults: Vec<Fault>,
    /// Every line of a backtrace, in order.
    pub traces: Vec<Trace>,
    /// Every socket that waits for others, in order.
    pub listening: Vec<Listening>,
    /// Every address, in order.
    pub leases: Vec<Lease>,
}

impl Sink for Capture {
    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stdout => self.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        self.console.push(line.to_owned());
        Ok(())
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        self.faults.push(*fault);
        Ok(())
    }

    fn trace(&mut self, trace: Trace) -> io::Result<()> {
        self.traces.push(trace);
        Ok(())
    }

    fn listening(&mut self, listening: &Listening) -> io::Result<()> {
        self.listening.push(listening.clone());
        Ok(())
    }

    fn settled(&mut self, lease: &Lease) -> io::Result<()> {
        self.leases.push(*lease);
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        Ok(())
    }
}
