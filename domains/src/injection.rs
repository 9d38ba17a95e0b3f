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
}

/// The names of all misdeeds; of these the first have a domain.
const NAMES: [&str; 5] = ["read", "write", "jump", "panic", "hang"];

impl Misdeed {
    const fn parts(self) -> (u8, u8) {
        match self {
            Misdeed::Read(domain) => (0, domain.number() as u8),
            Misdeed::Write(domain) => (1, domain.number() as u8),
            Misdeed::Jump(domain) => (2, domain.number() as u8),
            Misdeed::Panic => (3, 0),
            Misdeed::Hang => (4, 0),
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
    name: u8,
    domain: u8,
    is_once: u8,
    reserved: u8,
}

/// Text that is no injection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoInjection;

impl Injection {
    /// Never.
    pub const NONE: Injection = Injection {
        calls: 0,
        name: 0,
        domain: 0,
        is_once: 0,
        reserved: 0,
    };

    /// What call number `call` of a cell ends in, counted from one; none if it is
    /// one like others.
    pub fn at(self, call: u32) -> Option<Misdeed> {
        let is_due = match self.is_once {
            0 => self.calls != 0 && call.is_multiple_of(self.calls),
            _ => call == self.calls,
        };
        is_due.then(|| Misdeed::from_parts(self.name, self.domain))?
    }
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
        let (when, calls) = when.split_once('=').ok_or(NoInjection)?;
        let is_once = match when {
            "once" => 1,
            "every" => 0,
            _ => return Err(NoInjection),
        };
        let calls = calls.parse().ok().filter(|calls| *calls != 0);
        let (name, domain) = misdeed_of(misdeed)?.parts();
        Ok(Injection {
            calls: calls.ok_or(NoInjection)?,
            name,
            domain,
            is_once,
            reserved: 0,
        })
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
            "hostfs=hang,never=1",
            "hostfs=hang,every=1,once=1",
        ] {
            assert_eq!(parse(text), Err(NoInjection), "{text}");
        }
    }

    #[test]
    fn every_domain_has_memory_to_misbehave_with() {
        assert!(Domain::ALL.into_iter().all(|it| memory_of(it).is_some()));
    }
}
