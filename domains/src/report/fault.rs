//! A fault, as it is told.

use core::fmt;

use super::words::{Action, Cause};
use crate::{Area, Domain};

/// A fault of a domain, as the core saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Who faulted; none where PKRU holds a value that is nobody's.
    pub domain: Option<Domain>,
    /// The exception vector; [`crate::exception`] names it.
    pub vector: u8,
    /// The error code; zero where the exception has none.
    pub error: u64,
    /// The address that was touched: CR2 of a page fault, else zero.
    pub address: u64,
    /// The instruction.
    pub rip: u64,
    /// The stack pointer.
    pub rsp: u64,
    /// PKRU at the instruction.
    pub pkru: u32,
    /// Whose page was touched.
    pub page: Page,
    /// Why it faulted.
    pub cause: Cause,
    /// What the core did about it.
    pub action: Action,
    /// The entry that the kernel served, as a number of
    /// [`crate::entry_names`]; none where that is not known.
    pub entry: Option<u32>,
}

/// Whose page a fault touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// A page of an area.
    Area(Area),
    /// A page of the core.
    Core,
    /// Nothing is mapped there, or the fault touched no memory.
    Nothing,
}

impl Page {
    /// The word on the channel.
    pub const fn name(self) -> &'static str {
        match self {
            Page::Area(area) => area.name(),
            Page::Core => "core",
            Page::Nothing => "nothing",
        }
    }

    /// The page with this word.
    pub fn from_name(name: &str) -> Option<Page> {
        match name {
            "core" => Some(Page::Core),
            "nothing" => Some(Page::Nothing),
            area => Area::from_name(area).map(Page::Area),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain.map_or("nobody", Domain::name);
        write!(
            f,
            "fault domain={domain} vector={} error={:#x}",
            self.vector, self.error
        )?;
        write!(
            f,
            " address={:#x} rip={:#x} rsp={:#x}",
            self.address, self.rip, self.rsp
        )?;
        write!(f, " pkru={:#x} page={}", self.pkru, self.page.name())?;
        write!(
            f,
            " cause={} action={}",
            self.cause.name(),
            self.action.name()
        )?;
        match self.entry {
            Some(entry) => write!(f, " entry={entry}"),
            None => Ok(()),
        }
    }
}
