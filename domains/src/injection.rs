//! Faults that a cell is made to have, to see what becomes of its users.
//!
//! Only images built with `test-hooks` can have any.

use core::str::FromStr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::layout::{Region, region_of};
use crate::{Area, Cell, Domain};

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

/// Reads `hostfs=write:safe,every=50`: a cell, what it does, and in which calls.
pub fn parse(text: &str) -> Result<(Cell, Injection), NoInjection> {
    let (cell, rest) = text.split_once('=').ok_or(NoInjection)?;
    let cell = Cell::ALL.into_iter().find(|it| it.name() == cell);
    let cell = cell.ok_or(NoInjection)?;
    let injection: Injection = rest.parse()?;
    let of_own = Domain::Cell(cell).number() as u8;
    let has_domain = injection.name < 3;
    match has_domain && injection.domain == of_own {
        true => Err(NoInjection),
        false => Ok((cell, injection)),
    }
}

impl FromStr for Injection {
    type Err = NoInjection;

    fn from_str(text: &str) -> Result<Injection, NoInjection> {
        let (misdeed, when) = text.split_once(',').ok_or(NoInjection)?;
        let (when, calls, seed) = when_of(when)?;
        let (name, domain) = misdeed_of(misdeed)?.parts();
        Ok(Injection {
            calls,
            seed,
            name,
            domain,
            when,
            reserved: 0,
        })
    }
}

/// Reads `every=50`, `once=7`, `rate=1/50,seed=3`, or `start=2`.
fn when_of(text: &str) -> Result<(u8, u32, u32), NoInjection> {
    let number = |text: &str| text.parse().map_err(|_| NoInjection);
    let (name, count) = text.split_once('=').ok_or(NoInjection)?;
    let (when, calls, seed) = match name {
        "every" => (EVERY, count, "0"),
        "once" => (ONCE, count, "0"),
        "start" => (START, count, "0"),
        "rate" => {
            let (rate, seed) = count.split_once(",seed=").unwrap_or((count, "0"));
            (RATE, rate.strip_prefix("1/").ok_or(NoInjection)?, seed)
        }
        _ => return Err(NoInjection),
    };
    match number(calls)? {
        0 => Err(NoInjection),
        calls => Ok((when, calls, number(seed)?)),
    }
}

fn misdeed_of(text: &str) -> Result<Misdeed, NoInjection> {
    let (name, domain) = text.split_once(':').unwrap_or((text, ""));
    let number = NAMES.iter().position(|it| *it == name).ok_or(NoInjection)?;
    let domain = match (number, domain) {
        (0..3, name) => Domain::from_name(name),
        (_, "") => Some(Domain::Safe),
        _ => None,
    };
    let parts = domain.map(|domain| (number as u8, domain.number() as u8));
    let misdeed = parts.and_then(|(number, domain)| Misdeed::from_parts(number, domain));
    misdeed.ok_or(NoInjection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_misbehaves_once_or_again_and_again() {
        let (cell, injection) = parse("hostfs=write:safe,every=50").expect("it is one");
        assert_eq!(cell, Cell::Hostfs);
        let write = Some(Misdeed::Write(Domain::Safe));
        let at = |calls: [u32; 4]| calls.map(|call| injection.at(call));
        assert_eq!(at([1, 49, 50, 100]), [None, None, write, write]);
        let (cell, injection) = parse("console=hang,once=7").expect("it is one");
        assert_eq!(cell, Cell::Console);
        let at = |calls: [u32; 3]| calls.map(|call| injection.at(call));
        assert_eq!(at([6, 7, 14]), [None, Some(Misdeed::Hang), None]);
        assert_eq!(Injection::NONE.at(0), None);
    }

    #[test]
    fn chance_keeps_to_its_rate_and_can_be_repeated() {
        let calls = |text| {
            let (_, injection) = parse(text).expect("it is one");
            let is_due = move |call: &u32| injection.at(*call) == Some(Misdeed::Garbage);
            (1..=50_000).filter(is_due)
        };
        let first = "console=garbage,rate=1/50,seed=1";
        assert!((900..1100).contains(&calls(first).count()));
        assert!(calls(first).eq(calls(first)));
        assert!(!calls(first).eq(calls("console=garbage,rate=1/50")));
    }

    #[test]
    fn a_cell_misbehaves_at_its_first_starts_and_not_in_calls() {
        let (_, injection) = parse("hostfs=panic,start=2").expect("it is one");
        let at_starts = [1, 2, 3].map(|start| injection.at_start(start));
        assert_eq!(
            at_starts,
            [Some(Misdeed::Panic), Some(Misdeed::Panic), None]
        );
        assert!((0..5).all(|call| injection.at(call).is_none()));
        let (_, in_calls) = parse("hostfs=panic,every=1").expect("it is one");
        assert!((0..5).all(|start| in_calls.at_start(start).is_none()));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "",
            "hostfs",
            "hostfs=hang",
            "disk=hang,every=1",
            "hostfs=write,every=1",
            "hostfs=write:core,every=1",
            "hostfs=write:hostfs,every=1",
            "hostfs=hang:safe,every=1",
            "hostfs=hang,every=0",
            "hostfs=hang,every=-1",
            "hostfs=hang,start=0",
            "hostfs=hang,start",
            "hostfs=hang,never=1",
            "hostfs=hang,every=1,once=1",
            "hostfs=garbage:safe,every=1",
            "hostfs=garbage,rate=50",
            "hostfs=garbage,rate=1/0",
            "hostfs=garbage,rate=1/50,seed=x",
            "hostfs=garbage,every=50,seed=1",
        ] {
            assert_eq!(parse(text), Err(NoInjection), "{text}");
        }
    }

    #[test]
    fn every_domain_has_memory_to_misbehave_with() {
        assert!(Domain::ALL.into_iter().all(|it| memory_of(it).is_some()));
    }
}
