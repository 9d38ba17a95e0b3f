//! Changes what the application may do with memory of its own.
//!
//! Never writing and executing at once: not on one page, and not on two CPUs
//! while rights change. So a right that goes is gone everywhere before another
//! comes. What is to be executed is searched for WRPKRU while nobody can write
//! it: the application alone has these frames, at this place only.

use domains::Area;
use domains::core_call::{error, rights};

use super::entry::{Bits, Entry, Rights};
use super::scan;
use super::space::{Space, place};
use crate::cpu::tlb;
use crate::hooks;
use crate::smp::shootdown::Pages;

impl Space {
    /// Gives the application `rights` over `pages` pages at `address` of its
    /// heap region, all of which are mapped or promised. Unless that is done,
    /// its rights stay what they were.
    pub(crate) fn protect(&mut self, address: u64, pages: u64, bits: u64) -> Result<(), i64> {
        let wanted = wanted(bits).ok_or(error::INVALID)?;
        // DEFENCE: protect-heap
        if place(address, pages).is_none_or(|place| place.is_stack || place.area != Area::App) {
            return Err(error::BAD_ADDRESS);
        }
        let mut leaves = self.tables.leaves(address, pages);
        // DEFENCE: protect-mapped
        if leaves.any(|leaf| leaf.entry.is_empty()) {
            return Err(error::BAD_ADDRESS);
        }
        self.prepare(address, pages, wanted)?;
        let is_bad = wanted == Rights::Execute
            && !hooks::is_blind()
            // DEFENCE: protect-scan
            && scan::finds_wrpkru(&self.tables, address, pages);
        if is_bad {
            // DEFENCE: protect-restores
            self.change(address, pages, Entry::resumed);
            return Err(error::DENIED);
        }
        self.change(address, pages, |entry| entry.with_rights(wanted));
        Ok(())
    }

    /// Takes away what goes, everywhere, with frames in place for what comes.
    fn prepare(&mut self, address: u64, pages: u64, wanted: Rights) -> Result<(), i64> {
        self.divide_around(address, pages)?;
        if wanted == Rights::Execute {
            self.populate(address, pages)?;
        }
        // DEFENCE: protect-withdraws
        self.change(address, pages, |entry| withdrawn(entry, wanted));
        Ok(())
    }

    /// Gives the pages that were promised their frames.
    fn populate(&mut self, address: u64, pages: u64) -> Result<(), i64> {
        for leaf in self.tables.leaves(address, pages) {
            if leaf.entry.own_frame().is_none() {
                let rights = leaf.entry.rights();
                let entry = self.fresh(leaf.level, Area::App, rights);
                leaf.set(entry.ok_or(error::NO_MEMORY)?);
            }
        }
        Ok(())
    }

    /// Changes all entries of a range, and has every CPU know.
    fn change(&self, address: u64, pages: u64, change: impl Fn(Entry) -> Entry) {
        let mut was_known = false;
        for leaf in self.tables.leaves(address, pages) {
            let after = change(leaf.entry);
            was_known |= after != leaf.entry && leaf.entry.has(Bits::PRESENT);
            leaf.set(after);
        }
        if was_known {
            tlb::forget(Pages {
                start: address,
                count: pages,
            });
        }
    }
}

/// The entry on the way to `wanted`: without what goes, without what comes.
fn withdrawn(entry: Entry, wanted: Rights) -> Entry {
    match (entry.rights(), wanted) {
        // DEFENCE: protect-suspends
        (Rights::Write, Rights::Execute) => entry.suspended(),
        (Rights::Execute, Rights::Write) => entry.with_rights(Rights::Read),
        _ => entry,
    }
}

/// The rights that `bits` ask for.
fn wanted(bits: u64) -> Option<Rights> {
    match bits {
        0 => Some(Rights::None),
        rights::READ => Some(Rights::Read),
        bits if bits & !(rights::READ | rights::WRITE) == 0 => Some(Rights::Write),
        // DEFENCE: protect-write-or-execute
        bits if bits & !(rights::READ | rights::EXECUTE) == 0 => Some(Rights::Execute),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
