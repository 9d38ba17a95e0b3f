//! How ranges go: withdrawn under the lock, forgotten by all without it, freed.
//!
//! With one CPU all of that is one step. With several, the call that takes a
//! range away puts it into the [`quarantine`], and who has to wait for the other
//! CPUs does so when the lock is open again. Meanwhile nothing else happens to
//! the range: a call that wants it waits for the same answers, and begins anew.
//!
//! What waits is memory that could be used. So a call that fails for memory,
//! and every use of the frames that are kept back, has all of it freed.
//!
//! [`quarantine`]: super::quarantine

use domains::core_call::error;
use domains::layout::PAGE_SIZE;

use super::entry::{Bits, Entry, Rights};
use super::quarantine::{Ticket, When};
use super::space::{Space, place};
use crate::cpu::tlb;
use crate::smp::shootdown::{self, Pages};
use crate::state;

/// What all CPUs are asked to forget, and which ranges that frees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Question {
    ticket: Ticket,
    pages: Pages,
}

/// Has all CPUs forget, and frees what they were asked about. The caller does
/// not hold the core's lock.
pub(crate) fn settle(question: Question) {
    tlb::forget(question.pages);
    // One at a time: others want the lock, too.
    while state::with(|core| core.space.free_one(question.ticket)) {}
}

impl Space {
    /// Whether a call about this range must wait until what was taken away is
    /// gone for good.
    pub(crate) fn is_held_up(&self, address: u64, pages: u64) -> bool {
        !self.quarantine.is_empty()
            && place(address, pages).is_some_and(|place| {
                let range = match place.is_stack {
                    true => below(address, pages),
                    false => exactly(address, pages),
                };
                // DEFENCE: quarantine-overlap
                self.quarantine.is_full() || self.quarantine.overlaps(range)
            })
    }

    /// Whether frames wait to become free.
    pub(crate) fn has_more(&self) -> bool {
        !self.quarantine.is_empty()
    }

    /// Whether all CPUs are to be asked before this one goes back to ring 3.
    pub(crate) const fn is_due(&self) -> bool {
        self.quarantine.is_due() || self.frames.are_short()
    }

    /// What all CPUs are to be asked before a call is made once more that failed
    /// for memory. Something waited before it.
    pub(crate) fn relief(&mut self, result: Result<u64, i64>) -> Option<Question> {
        // DEFENCE: quarantine-pressure
        let is_short = result == Err(error::NO_MEMORY);
        is_short.then(|| self.ask()).flatten()
    }

    /// A question about everything that waits; none if nothing does.
    pub(crate) fn ask(&mut self) -> Option<Question> {
        let (ticket, pages) = self.quarantine.begin()?;
        Some(Question { ticket, pages })
    }

    /// Empties a range that ends where pages end. No frame is free before no
    /// CPU knows it any more.
    pub(super) fn take_away(&mut self, address: u64, pages: u64, when: When) {
        let range = self.with_guard(address, pages);
        if !self.withdraw(range) {
            return self.free(range);
        }
        if !(shootdown::have_others() && self.quarantine.add(range, when)) {
            tlb::forget(range);
            self.free(range);
        }
    }

    /// Frees one range that all CPUs have forgotten; false if there is none.
    fn free_one(&mut self, ticket: Ticket) -> bool {
        let range = self.quarantine.take(ticket);
        range.map(|range| self.free(range)).is_some()
    }

    /// Takes all rights from a range; whether a CPU may have known it.
    fn withdraw(&self, range: Pages) -> bool {
        let mut was_present = false;
        for leaf in self.tables.leaves(range.start, range.count) {
            if !leaf.entry.is_empty() && !leaf.entry.has(Bits::GUARD) {
                was_present |= leaf.entry.has(Bits::PRESENT);
                leaf.set(leaf.entry.with_rights(Rights::None));
            }
        }
        was_present
    }

    /// Empties a range that nobody knows, and frees its frames.
    fn free(&mut self, range: Pages) {
        for leaf in self.tables.leaves(range.start, range.count) {
            if !leaf.entry.is_empty() {
                leaf.set(Entry::EMPTY);
                if let Some(frame) = leaf.entry.own_frame() {
                    self.frames.release_run(frame, leaf.pages());
                }
            }
        }
    }

    /// The range, with the guard page below it if there is one.
    fn with_guard(&self, address: u64, pages: u64) -> Pages {
        let guard = self.tables.leaf(address - PAGE_SIZE);
        match guard.entry.has(Bits::GUARD) {
            true => below(address, pages),
            false => exactly(address, pages),
        }
    }
}

const fn exactly(start: u64, count: u64) -> Pages {
    Pages { start, count }
}

/// The range, and the page below it.
const fn below(address: u64, pages: u64) -> Pages {
    exactly(address - PAGE_SIZE, pages + 1)
}

#[cfg(test)]
mod tests;
