//! Lines, as the host reads them.

use core::str::FromStr;

use super::{Action, Cause, Fault, Page, Reason, Record, Refusal, Registers, Trace, TraceKind};
use crate::Domain;
use crate::notice::Notice;

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
            "registers" => Ok(Record::Registers(pairs.registers()?)),
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

    fn registers(&self) -> Result<Registers, Malformed> {
        let mut words = [0; Registers::NAMES.len()];
        for (word, name) in words.iter_mut().zip(Registers::NAMES) {
            *word = self.number(name)?;
        }
        Ok(Registers {
            root: self.number("root")?,
            fs: self.number("fs")?,
            words,
        })
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
