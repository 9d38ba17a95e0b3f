//! The domains that execute, and whether walls stand between them.

use core::fmt;

use crate::Cell;

/// A protection domain: code that runs in ring 3 with rights of its own.
///
/// The trusted core is not one of them. It runs in ring 0 on supervisor pages,
/// where no value of PKRU reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    /// The safe kernel: threads, time, descriptors. No unsafe code.
    Safe,
    /// The application with its own copy of std.
    App,
    /// A part of the kernel that may be wrong: a driver, above all.
    Cell(Cell),
}

impl Domain {
    /// Every domain, by number: the order of the table's columns.
    pub const ALL: [Domain; 2 + Cell::ALL.len()] = {
        let mut all = [Domain::Safe; 2 + Cell::ALL.len()];
        all[1] = Domain::App;
        let mut cell = 0;
        while cell < Cell::ALL.len() {
            all[2 + cell] = Domain::Cell(Cell::ALL[cell]);
            cell += 1;
        }
        all
    };

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Domain::Safe => "safe",
            Domain::App => "app",
            Domain::Cell(cell) => cell.name(),
        }
    }

    /// Its number, which is its place in [`Domain::ALL`].
    pub const fn number(self) -> u64 {
        match self {
            Domain::Safe => 0,
            Domain::App => 1,
            Domain::Cell(cell) => 2 + cell.number() as u64,
        }
    }

    /// The cell that it is; none if it is another domain.
    pub const fn cell(self) -> Option<Cell> {
        match self {
            Domain::Safe | Domain::App => None,
            Domain::Cell(cell) => Some(cell),
        }
    }

    /// The domain called `name`.
    pub fn from_name(name: &str) -> Option<Domain> {
        Domain::ALL.into_iter().find(|domain| domain.name() == name)
    }

    /// The domain whose number a nop gate left in the CPU page.
    pub fn from_number(number: u64) -> Option<Domain> {
        Domain::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How the domains of an image are kept apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Isolation {
    /// Nothing but the page permissions: the baseline.
    None,
    /// Memory protection keys.
    Mpk,
}

impl Isolation {
    /// Every mode.
    pub const ALL: [Isolation; 2] = [Isolation::None, Isolation::Mpk];

    /// The word for it on command lines and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Isolation::None => "none",
            Isolation::Mpk => "mpk",
        }
    }

    /// The mode called `name`.
    pub fn from_name(name: &str) -> Option<Isolation> {
        Isolation::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
