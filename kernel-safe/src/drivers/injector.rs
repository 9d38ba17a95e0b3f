//! Has a cell do wrong what the options of this run say.

use domains::Cell;
use domains::injection::{Misdeed, memory_of};
use gate::cell::Faulted;
use gate::hooks::{FETCH, GARBAGE, LOAD, PANIC, SPIN, STORE};
use gate::info;

/// Counts the calls into a cell.
#[derive(Debug)]
pub(super) struct Injector {
    calls: u32,
}

impl Injector {
    /// None yet.
    pub(super) const fn new() -> Injector {
        Injector { calls: 0 }
    }

    /// Counts a call, and has `cell` do before it what it is to do wrong there. What it
    /// answers in place of the call, if it does that.
    pub(super) fn misbehave(&mut self, cell: Cell) -> Result<Option<i64>, Faulted> {
        self.calls = self.calls.wrapping_add(1);
        // On the host, where tests run, there are no options.
        let options = cfg!(target_os = "none").then(info::options).flatten();
        let misdeed = options.and_then(|it| it.injection(cell).at(self.calls));
        let Some(misdeed) = misdeed else {
            return Ok(None);
        };
        let (kind, address) = hook_of(misdeed);
        let answer = gate::cell::hook(cell, kind, address, self.calls as usize)?;
        Ok((misdeed == Misdeed::Garbage).then_some(answer))
    }
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
