//! Injections as people write them.

use core::str::FromStr;

use super::{EVERY, Injection, Misdeed, NAMES, NoInjection, ONCE, RATE, START};
use crate::{Cell, Domain};

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
