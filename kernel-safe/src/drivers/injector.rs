//! Has a cell do wrong what the options of this run say.

use domains::injection::{Misdeed, memory_of};
use domains::{Cell, Injection};
use gate::cell::Faulted;
use gate::hooks::{FETCH, GARBAGE, LOAD, PANIC, SPIN, STORE};
use gate::info;

/// Counts the calls into a cell, and its starts.
#[derive(Debug)]
pub(super) struct Injector {
    calls: u32,
    starts: u32,
}

impl Injector {
    /// None yet.
    pub(super) const fn new() -> Injector {
        Injector {
            calls: 0,
            starts: 0,
        }
    }

    /// Counts a call, and has `cell` do before it what it is to do wrong there. What it
    /// answers in place of the call, if it does that.
    pub(super) fn misbehave(&mut self, cell: Cell) -> Result<Option<i64>, Faulted> {
        self.calls = self.calls.wrapping_add(1);
        perform(cell, injection(cell).at(self.calls), self.calls)
    }

    /// The same for a start.
    pub(super) fn misbehave_at_start(&mut self, cell: Cell) -> Result<Option<i64>, Faulted> {
        self.starts = self.starts.wrapping_add(1);
        perform(cell, injection(cell).at_start(self.starts), self.starts)
    }
}

/// What `cell` is to do wrong. On the host, where tests run, there are no options.
fn injection(cell: Cell) -> Injection {
    let options = cfg!(target_os = "none").then(info::options).flatten();
    options.map_or(Injection::NONE, |it| it.injection(cell))
}

fn perform(cell: Cell, misdeed: Option<Misdeed>, number: u32) -> Result<Option<i64>, Faulted> {
    let Some(misdeed) = misdeed else {
        return Ok(None);
    };
    let (kind, address) = hook_of(misdeed);
    let answer = gate::cell::hook(cell, kind, address, number as usize)?;
    Ok((misdeed == Misdeed::Garbage).then_some(answer))
}

/// The hook that does this, and the address for it.
fn hook_of(misdeed: Misdeed) -> (u32, usize) {
    let memory = |domain| memory_of(domain).map_or(0, |region| region.start as usize);
    match misdeed {
        Misdeed::Read(domain) => (LOAD, memory(domain)),
        Misdeed::Write(domain) => (STORE, memory(domain)),
        Misdeed::Jump(domain) => (FETCH, memory(domain)),
        Misdeed::Panic => (PANIC, 0),
        Misdeed::Hang => (SPIN, 0),
        Misdeed::Garbage => (GARBAGE, 0),
    }
}
