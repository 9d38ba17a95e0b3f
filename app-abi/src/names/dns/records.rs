//! The head of a message, and the records behind its question.

use super::HEAD;
use super::wire::{Malformed, WireName, double_word, word};

/// Bits of the second word of a message.
mod flag {
    pub(super) const RESPONSE: u16 = 1 << 15;
    pub(super) const OPERATION: u16 = 0xf << 11;
    pub(super) const AUTHORITY: u16 = 1 << 10;
    pub(super) const TRUNCATED: u16 = 1 << 9;
    pub(super) const RECURSION: u16 = 1 << 7;
    pub(super) const CODE: u16 = 0xf;
}

/// Bytes of a record between its name and its data.
const RECORD_HEAD: usize = 10;
/// How many records of a section are looked at.
const RECORDS_MAX: u16 = 512;

/// What the head says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// The number of the question.
    pub(super) id: u16,
    flags: u16,
    /// How many questions there are.
    pub(super) questions: u16,
    /// How many answers there are.
    pub(super) answers: u16,
    /// How many records say who is in charge.
    pub(super) authorities: u16,
}

impl Head {
    /// The head of a message.
    pub(super) fn read(message: &[u8]) -> Result<Head, Malformed> {
        word(message, HEAD - 2)?;
        Ok(Head {
            id: word(message, 0)?,
            flags: word(message, 2)?,
            questions: word(message, 4)?,
            answers: word(message, 6)?,
            authorities: word(message, 8)?,
        })
    }

    /// Whether it answers an ordinary question.
    pub(super) fn is_answer(&self) -> bool {
        self.flags & (flag::RESPONSE | flag::OPERATION) == flag::RESPONSE
    }

    /// Whether there was no room for all of it.
    pub(super) fn is_truncated(&self) -> bool {
        self.flags & flag::TRUNCATED != 0
    }

    /// Whether whoever sent it knows, or asks those who do.
    pub(super) fn is_of_use(&self) -> bool {
        self.flags & (flag::AUTHORITY | flag::RECURSION) != 0
    }

    /// What became of the question.
    pub(super) fn code(&self) -> u16 {
        self.flags & flag::CODE
    }
}

/// A record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Record<'m> {
    /// Whose it is.
    pub(super) owner: WireName<'m>,
    /// Its kind.
    pub(super) kind: u16,
    /// Its class.
    pub(super) class: u16,
    /// How many seconds it may be believed.
    pub(super) ttl: u32,
    /// Where its data begin.
    pub(super) at: usize,
    /// Its data.
    pub(super) data: &'m [u8],
}

/// The records of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records<'m> {
    message: &'m [u8],
    at: usize,
    left: u16,
}

impl<'m> Records<'m> {
    /// The records from a place on.
    pub(super) fn new(message: &'m [u8], at: usize, count: u16) -> Records<'m> {
        let left = count.min(RECORDS_MAX);
        Records { message, at, left }
    }

    /// The next one; none behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Record<'m>>, Malformed> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        let owner = WireName::new(self.message, self.at);
        let head = owner.end()?;
        let at = head + RECORD_HEAD;
        let size = word(self.message, head + 8)?;
        let data = self.message.get(at..).ok_or(Malformed)?;
        let data = data.get(..usize::from(size)).ok_or(Malformed)?;
        (self.at, self.left) = (at + data.len(), left);
        Ok(Some(Record {
            owner,
            kind: word(self.message, head)?,
            class: word(self.message, head + 2)?,
            ttl: double_word(self.message, head + 4)?,
            at,
            data,
        }))
    }

    /// The name that is all of a record's data.
    pub(super) fn name_in(&self, record: &Record<'m>) -> Result<WireName<'m>, Malformed> {
        let name = WireName::new(self.message, record.at);
        let is_all = name.end()? == record.at + record.data.len();
        is_all.then_some(name).ok_or(Malformed)
    }

    /// Where what stands behind them begins.
    pub(super) fn end(mut self) -> Result<usize, Malformed> {
        while self.next()?.is_some() {}
        Ok(self.at)
    }
}
