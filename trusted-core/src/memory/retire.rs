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

use super::entry::{Bits, Entry, GUARD, Rights};
use super::quarantine::{Question, When};
use super::space::{Space, place};
use crate::cpu::tlb;
use crate::smp::shootdown::{self, Pages};
use crate::state;

/// Has all CPUs forget, and frees what they were asked about. The caller does
/// not hold the core's lock.
pub(crate) fn settle(question: Question) {
    tlb::forget(question.pages);
    // One at a time: others want the lock, too.
    while state::with(|core| core.space.free_one(question)) {}
}

impl Space {
    /// Whether a call about this range must wait until what was taken away is
    /// gone for good.
    pub(crate) fn is_held_up(&self, address: u64, pages: u64) -> bool {
        !self.quarantine.is_empty()
            && place(address, pages).is_some_and(|place| {
                let range = range(address, pages, place.is_stack);
                // DEFENCE: quarantine-overlap
                self.quarantine.is_full() || self.quarantine.overlaps(range)
            })
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
        is_short.then(|| self.quarantine.ask()).flatten()
    }

    /// Empties a range that ends where pages end. No frame is free before no
    /// CPU knows it any more.
    pub(super) fn take_away(&mut self, address: u64, pages: u64, when: When) {
        let below = self.tables.find(address - PAGE_SIZE);
        let range = range(address, pages, below.has(GUARD));
        if !self.withdraw(range) {
            return self.free(range);
        }
        if !(shootdown::have_others() && self.quarantine.add(range, when)) {
            tlb::forget(range);
            self.free(range);
        }
    }

    /// Frees one range that all CPUs have forgotten; false if there is none.
    fn free_one(&mut self, answered: Question) -> bool {
        let range = self.quarantine.take(answered);
        range.map(|range| self.free(range)).is_some()
    }

    /// Takes all rights from a range; whether a CPU may have known it.
    fn withdraw(&self, range: Pages) -> bool {
        let mut was_present = false;
        for leaf in self.tables.leaves(range.start, range.count) {
            if !leaf.entry.is_empty() && !leaf.entry.has(GUARD) {
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
}

/// A range, with the page below it if that is a guard.
const fn range(address: u64, pages: u64, has_guard: bool) -> Pages {
    let guard = has_guard as u64;
    Pages {
        start: address - guard * PAGE_SIZE,
        count: pages + guard,
    }
}

#[cfg(test)]
mod tests;
