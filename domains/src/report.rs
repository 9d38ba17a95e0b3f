//! The control channel: what the core tells the host, one line at a time.
//!
//! Only the core can write to the channel, so the host believes it. A line is
//! `cloister`, a verb and `name=value` pairs; [`Record`] prints and parses it.
//!
//! ```text
//! cloister started
//! cloister fault domain=app vector=14 error=0x27 address=0x… rip=0x… rsp=0x… pkru=0x… page=safe cause=key action=terminate
//! cloister restart cell=hostfs
//! cloister refuse reason=cpu need=pku,smap
//! cloister trace kind=frame value=0x…
//! cloister registers root=0x… fs=0x… r15=0x… …
//! cloister notice kind=listens value=0x4060050
//! cloister exit status=120
//! ```

mod fault;
mod parse;
mod refusal;
mod registers;
mod words;

use core::fmt;

use crate::Cell;
use crate::notice::{NOTICES_MAX, Notice};

pub use self::fault::{Fault, Page};
pub use self::parse::Malformed;
pub use self::refusal::{Refusal, feature};
pub use self::registers::Registers;
pub use self::words::{Action, Cause, Reason, TraceKind};

/// One line of the control channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The application is about to run.
    Started,
    /// A domain faulted.
    Fault(Fault),
    /// What the application had in its registers when it was stopped.
    Registers(Registers),
    /// The core will not start this image on this machine.
    Refuse(Refusal),
    /// A cell had failed, and is started anew. So many requests were under way.
    Restart(Cell, u64),
    /// The program dies, and a line of its backtrace.
    Trace(Trace),
    /// The run goes on, and something is to be known of it.
    Notice(Notice),
    /// The virtual machine ends with this status.
    Exit(u8),
}

/// A line of a dying program's backtrace. The program itself says it, so it is
/// to be believed no more than the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trace {
    /// What is said.
    pub kind: TraceKind,
    /// The number or address.
    pub value: u64,
}

/// How many lines of backtraces the core sends to the host, and no more.
pub const TRACES_MAX: u32 = 512;

/// How many records of each sort are passed on: lines of backtraces, notices.
pub const TOLD_MAX: [u32; 2] = [TRACES_MAX, NOTICES_MAX];

impl Record {
    /// What the safe kernel has the core pass on by this number and this value, and
    /// its sort, a place in [`TOLD_MAX`]; none if they mean nothing.
    pub fn told(number: u64, value: u64) -> Option<(Record, usize)> {
        match TraceKind::from_number(number) {
            Some(kind) => Some((Record::Trace(Trace { kind, value }), 0)),
            None => Some((Record::Notice(Notice::read(number, value)?), 1)),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cloister ")?;
        match self {
            Record::Started => f.write_str("started"),
            Record::Fault(fault) => fault.fmt(f),
            Record::Registers(registers) => registers.fmt(f),
            Record::Refuse(Refusal { reason, need, have }) => {
                write!(
                    f,
                    "refuse reason={} need={need:#x} have={have:#x}",
                    reason.name()
                )
            }
            Record::Restart(cell, requests) => {
                write!(f, "restart cell={cell} requests={requests:#x}")
            }
            Record::Trace(Trace { kind, value }) => {
                write!(f, "trace kind={} value={value:#x}", kind.name())
            }
            Record::Notice(notice) => notice.fmt(f),
            Record::Exit(status) => write!(f, "exit status={status}"),
        }
    }
}

#[cfg(test)]
mod tests;
