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
//! cloister notice kind=listens value=0x4060050
//! cloister exit status=120
//! ```

use core::fmt;
use core::str::FromStr;

use crate::notice::{NOTICES_MAX, Notice};
use crate::{Area, Cell, Domain};

/// One line of the control channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// The application is about to run.
    Started,
    /// A domain faulted.
    Fault(Fault),
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

/// A fault of a domain, as the core saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Who faulted; none where PKRU holds a value that is nobody's.
    pub domain: Option<Domain>,
    /// The exception vector; [`crate::exception`] names it.
    pub vector: u8,
    /// The error code; zero where the exception has none.
    pub error: u64,
    /// The address that was touched: CR2 of a page fault, else zero.
    pub address: u64,
    /// The instruction.
    pub rip: u64,
    /// The stack pointer.
    pub rsp: u64,
    /// PKRU at the instruction.
    pub pkru: u32,
    /// Whose page was touched.
    pub page: Page,
    /// Why it faulted.
    pub cause: Cause,
    /// What the core did about it.
    pub action: Action,
    /// The entry that the kernel served, as a number of
    /// [`crate::entry_names`]; none where that is not known.
    pub entry: Option<u32>,
}

/// Whose page a fault touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// A page of an area.
    Area(Area),
    /// A page of the core.
    Core,
    /// Nothing is mapped there, or the fault touched no memory.
    Nothing,
}

/// Declares an enum whose variants have one word each on the channel.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word on the channel.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The value with this word.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

words! {
    /// Why an instruction faulted.
    Cause {
        /// A protection key denied the access.
        // DEFENCE: cause-key
        Key = "key",
        /// The page belongs to the core.
        // DEFENCE: cause-supervisor
        Supervisor = "supervisor",
        /// The page is not writable, or not executable.
        // DEFENCE: cause-permission
        Permission = "permission",
        /// The guard page below a stack.
        // DEFENCE: cause-stack-overflow
        StackOverflow = "stack-overflow",
        /// Nothing is mapped there.
        // DEFENCE: cause-unmapped
        Unmapped = "unmapped",
        /// No frame was left for a page touched for the first time.
        // DEFENCE: cause-out-of-memory
        OutOfMemory = "out-of-memory",
        /// A privileged instruction, or a non-canonical address.
        // DEFENCE: cause-protection
        Protection = "protection",
        /// An invalid instruction.
        // DEFENCE: cause-instruction
        Instruction = "instruction",
        /// A gate found its token or PKRU forged.
        // DEFENCE: cause-gate
        Gate = "gate",
        /// A driver gave its device memory that is not for devices.
        // DEFENCE: cause-dma
        Dma = "dma",
        /// A driver broke the rules of a virtqueue.
        // DEFENCE: cause-queue
        Queue = "queue",
        /// A call into a cell took too long.
        // DEFENCE: cause-deadline
        Deadline = "deadline",
        /// Any other exception.
        // DEFENCE: cause-other
        Other = "other",
    }
}

words! {
    /// What the core did about a fault.
    Action {
        /// Ended the application.
        Terminate = "terminate",
        /// Returned from the call into a cell with an error.
        Rewind = "rewind",
        /// Ended the machine: the safe kernel cannot go on.
        Halt = "halt",
    }
}

words! {
    /// What a line of a backtrace says.
    TraceKind {
        /// A backtrace begins: the number of the thread that it is of.
        Thread = "thread",
        /// The address behind a call that has not returned, innermost first.
        Frame = "frame",
    }
}

impl TraceKind {
    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<TraceKind> {
        TraceKind::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

words! {
    /// Why the core does not start an image.
    Reason {
        /// The CPU lacks features that the image's isolation needs.
        Cpu = "cpu",
        /// There is too little memory.
        Memory = "memory",
        /// The manifest or the boot options are corrupt.
        Image = "image",
    }
}

/// Why the core will not start the image; the details stand on its console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The kind of reason.
    pub reason: Reason,
    /// CPU: bits of [`feature`]. Memory: bytes needed. Image: zero.
    pub need: u64,
    /// Memory: bytes there are. Else zero.
    pub have: u64,
}

/// CPU features that an image can need, as bits of [`Refusal::need`].
pub mod feature {
    /// The names, by bit.
    pub const NAMES: [&str; 8] = [
        "pku", "fsgsbase", "smep", "smap", "umip", "nx", "xsave", "avx",
    ];
    /// Protection keys for user pages.
    pub const PKU: u64 = 1 << 0;
    /// RDFSBASE and its relatives.
    pub const FSGSBASE: u64 = 1 << 1;
    /// Supervisor-mode execution prevention.
    pub const SMEP: u64 = 1 << 2;
    /// Supervisor-mode access prevention.
    pub const SMAP: u64 = 1 << 3;
    /// User-mode instruction prevention.
    pub const UMIP: u64 = 1 << 4;
    /// No-execute pages.
    pub const NX: u64 = 1 << 5;
    /// XSAVE.
    pub const XSAVE: u64 = 1 << 6;
    /// AVX, for VZEROALL.
    pub const AVX: u64 = 1 << 7;
}

impl Page {
    /// The word on the channel.
    pub const fn name(self) -> &'static str {
        match self {
            Page::Area(area) => area.name(),
            Page::Core => "core",
            Page::Nothing => "nothing",
        }
    }

    /// The page with this word.
    pub fn from_name(name: &str) -> Option<Page> {
        match name {
            "core" => Some(Page::Core),
            "nothing" => Some(Page::Nothing),
            area => Area::from_name(area).map(Page::Area),
        }
    }
}

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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain.map_or("nobody", Domain::name);
        write!(
            f,
            "fault domain={domain} vector={} error={:#x}",
            self.vector, self.error
        )?;
        write!(
            f,
            " address={:#x} rip={:#x} rsp={:#x}",
            self.address, self.rip, self.rsp
        )?;
        write!(f, " pkru={:#x} page={}", self.pkru, self.page.name())?;
        write!(
            f,
            " cause={} action={}",
            self.cause.name(),
            self.action.name()
        )?;
        match self.entry {
            Some(entry) => write!(f, " entry={entry}"),
            None => Ok(()),
        }
    }
}

/// A line that is not of the control channel's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

impl FromStr for Record {
    type Err = Malformed;

    fn from_str(line: &str) -> Result<Record, Malformed> {
        let line = line.trim_end().strip_prefix("cloister ").ok_or(Malformed)?;
        let (verb, pairs) = line.split_once(' ').unwrap_or((line, ""));
        let pairs = Pairs(pairs);
        match verb {
            "started" => Ok(Record::Started),
            "fault" => Ok(Record::Fault(pairs.fault()?)),
            "restart" => {
                let cell = Domain::from_name(pairs.word("cell")?);
                let cell = cell.and_then(Domain::cell).ok_or(Malformed)?;
                Ok(Record::Restart(cell, pairs.number("requests")?))
            }
            "refuse" => Ok(Record::Refuse(pairs.refusal()?)),
            "trace" => Ok(Record::Trace(pairs.trace()?)),
            "notice" => {
                let notice = Notice::named(pairs.word("kind")?, pairs.number("value")?);
                notice.map(Record::Notice).ok_or(Malformed)
            }
            "exit" => {
                let status = pairs.number("status")?;
                u8::try_from(status)
                    .map(Record::Exit)
                    .map_err(|_| Malformed)
            }
            _ => Err(Malformed),
        }
    }
}

/// The `name=value` pairs of a line.
struct Pairs<'a>(&'a str);

impl<'a> Pairs<'a> {
    fn word(&self, name: &str) -> Result<&'a str, Malformed> {
        self.0
            .split(' ')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
            .ok_or(Malformed)
    }

    fn number(&self, name: &str) -> Result<u64, Malformed> {
        let word = self.word(name)?;
        match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => word.parse(),
        }
        .map_err(|_| Malformed)
    }

    fn fault(&self) -> Result<Fault, Malformed> {
        Ok(Fault {
            domain: Domain::from_name(self.word("domain")?),
            vector: u8::try_from(self.number("vector")?).map_err(|_| Malformed)?,
            error: self.number("error")?,
            address: self.number("address")?,
            rip: self.number("rip")?,
            rsp: self.number("rsp")?,
            pkru: u32::try_from(self.number("pkru")?).map_err(|_| Malformed)?,
            page: Page::from_name(self.word("page")?).ok_or(Malformed)?,
            cause: Cause::from_name(self.word("cause")?).ok_or(Malformed)?,
            action: Action::from_name(self.word("action")?).ok_or(Malformed)?,
            entry: self.entry()?,
        })
    }

    /// The entry that was served, if the line names one.
    fn entry(&self) -> Result<Option<u32>, Malformed> {
        match self.word("entry") {
            Err(Malformed) => Ok(None),
            Ok(_) => u32::try_from(self.number("entry")?)
                .map(Some)
                .map_err(|_| Malformed),
        }
    }

    fn trace(&self) -> Result<Trace, Malformed> {
        Ok(Trace {
            kind: TraceKind::from_name(self.word("kind")?).ok_or(Malformed)?,
            value: self.number("value")?,
        })
    }

    fn refusal(&self) -> Result<Refusal, Malformed> {
        Ok(Refusal {
            reason: Reason::from_name(self.word("reason")?).ok_or(Malformed)?,
            need: self.number("need")?,
            have: self.number("have")?,
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;
    use crate::notice::{Listener, Protocol, Versions};

    #[test]
    fn every_record_survives_the_channel() {
        let fault = Fault {
            domain: Some(Domain::App),
            vector: 14,
            error: 0x27,
            address: 0x1000_0020_4018,
            rip: 0x3000_0000_1234,
            rsp: 0x3010_0000_0000,
            pkru: 0x5555_5455,
            page: Page::Area(Area::Safe),
            cause: Cause::Key,
            action: Action::Terminate,
            entry: None,
        };
        let refusal = Refusal {
            reason: Reason::Cpu,
            need: feature::PKU,
            have: 0,
        };
        for record in [
            Record::Started,
            Record::Fault(fault),
            Record::Fault(Fault {
                domain: None,
                page: Page::Nothing,
                ..fault
            }),
            Record::Fault(Fault {
                entry: Some(22),
                ..fault
            }),
            Record::Refuse(refusal),
            Record::Restart(Cell::Hostfs, 2),
            Record::Trace(Trace {
                kind: TraceKind::Frame,
                value: 0x3000_0000_1234,
            }),
            Record::Notice(LISTENS),
            Record::Exit(255),
        ] {
            assert_eq!(record.to_string().parse(), Ok(record));
        }
    }

    const LISTENS: Notice = Notice::Listens(Listener {
        port: 80,
        protocol: Protocol::Tcp,
        versions: Versions::V4,
        is_local: false,
    });

    #[test]
    fn what_is_passed_on_has_a_number_and_a_sort_of_its_own() {
        for (number, kind) in TraceKind::ALL.iter().enumerate() {
            let trace = Trace {
                kind: *kind,
                value: 7,
            };
            let told = Record::told(number as u64, 7);
            assert_eq!(told, Some((Record::Trace(trace), 0)));
        }
        let [number, value] = LISTENS.words();
        let told = Record::told(number, value);
        assert_eq!(told, Some((Record::Notice(LISTENS), 1)));
        assert_eq!(Record::told(TraceKind::ALL.len() as u64, value), None);
        assert_eq!(Record::told(number, 0), None);
    }

    #[test]
    fn anything_else_is_malformed() {
        for line in [
            "",
            "cloister",
            "cloister dance",
            "cloister exit status=256",
            "cloister restart cell=app",
            "cloister notice kind=listens value=0",
            "cloister notice kind=sings value=0x4060050",
            "exit status=0",
        ] {
            assert_eq!(line.parse::<Record>(), Err(Malformed), "{line:?}");
        }
    }
}
