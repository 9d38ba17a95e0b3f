//! Faults that a cell is made to have, to see what becomes of its users.
//!
//! Only images built with `test-hooks` can have any.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::layout::{Region, region_of};
use crate::{Area, Domain};

#[cfg(test)]
mod tests;
mod text;

pub use text::parse;

/// What a cell does that it must not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misdeed {
    /// Reads a domain's memory.
    Read(Domain),
    /// Writes to a domain's memory.
    Write(Domain),
    /// Jumps into a domain's memory.
    Jump(Domain),
    /// Panics.
    Panic,
    /// Never returns.
    Hang,
    /// Answers the call with a word that means nothing.
    Garbage,
}

/// The names of all misdeeds; of these the first have a domain.
const NAMES: [&str; 6] = ["read", "write", "jump", "panic", "hang", "garbage"];

impl Misdeed {
    const fn parts(self) -> (u8, u8) {
        match self {
            Misdeed::Read(domain) => (0, domain.number() as u8),
            Misdeed::Write(domain) => (1, domain.number() as u8),
            Misdeed::Jump(domain) => (2, domain.number() as u8),
            Misdeed::Panic => (3, 0),
            Misdeed::Hang => (4, 0),
            Misdeed::Garbage => (5, 0),
        }
    }

    fn from_parts(name: u8, domain: u8) -> Option<Misdeed> {
        let domain = Domain::from_number(domain.into())?;
        match name {
            0 => Some(Misdeed::Read(domain)),
            1 => Some(Misdeed::Write(domain)),
            2 => Some(Misdeed::Jump(domain)),
            3 => Some(Misdeed::Panic),
            4 => Some(Misdeed::Hang),
            5 => Some(Misdeed::Garbage),
            _ => None,
        }
    }
}

/// When calls into a cell end in a misdeed, and in which.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Injection {
    /// Zero for no call.
    calls: u32,
    /// What chance begins with, where it decides.
    seed: u32,
    name: u8,
    domain: u8,
    /// One of [`EVERY`], [`ONCE`], [`RATE`] and [`START`].
    when: u8,
    reserved: u8,
}

/// In every call whose number is a multiple of the count.
const EVERY: u8 = 0;
/// In the call with this number.
const ONCE: u8 = 1;
/// In one call of so many, as chance has it.
const RATE: u8 = 2;
/// In so many starts, the first ones.
const START: u8 = 3;

/// Text that is no injection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoInjection;

impl Injection {
    /// Never.
    pub const NONE: Injection = Injection {
        calls: 0,
        seed: 0,
        name: 0,
        domain: 0,
        when: EVERY,
        reserved: 0,
    };

    /// What call number `call` of a cell ends in, counted from one; none if it is
    /// one like others.
    pub fn at(self, call: u32) -> Option<Misdeed> {
        let chance = scramble(u64::from(self.seed) << 32 | u64::from(call));
        let is_due = match self.when {
            _ if self.calls == 0 => false,
            EVERY => call.is_multiple_of(self.calls),
            ONCE => call == self.calls,
            RATE => chance.is_multiple_of(self.calls.into()),
            _ => false,
        };
        is_due.then(|| Misdeed::from_parts(self.name, self.domain))?
    }

    /// What start number `start` of a cell ends in, counted from one; none if it
    /// is one like others.
    pub fn at_start(self, start: u32) -> Option<Misdeed> {
        let is_due = self.when == START && start <= self.calls;
        is_due.then(|| Misdeed::from_parts(self.name, self.domain))?
    }
}

/// A word in which every bit depends on every bit of `word`: SplitMix64 by Steele, Lea
/// and Flood, OOPSLA 2014.
pub const fn scramble(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// Where `domain` has its memory.
pub fn memory_of(domain: Domain) -> Option<Region> {
    region_of(match domain {
        Domain::Safe => Area::Safe,
        Domain::App => Area::App,
        Domain::Cell(cell) => Area::Cell(cell),
    })
}
