//! The domains that execute, and whether walls stand between them.

use core::fmt;

/// A protection domain: code that runs in ring 3 with rights of its own.
///
/// The trusted core is not one of them. It runs in ring 0 on supervisor pages,
/// where no value of PKRU reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Domain {
    /// The safe kernel: threads, time, descriptors. No unsafe code.
    Safe = 0,
    /// The unsafe kernel: drivers, and all else that needs unsafe code.
    Unsafe = 1,
    /// The application with its own copy of std.
    App = 2,
}

impl Domain {
    /// Every domain, in the order of the table's columns.
    pub const ALL: [Domain; 3] = [Domain::Safe, Domain::Unsafe, Domain::App];

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Domain::Safe => "safe",
            Domain::Unsafe => "unsafe",
            Domain::App => "app",
        }
    }

    /// The domain called `name`.
    pub fn from_name(name: &str) -> Option<Domain> {
        Domain::ALL.into_iter().find(|domain| domain.name() == name)
    }

    /// The domain whose number a nop gate left in the CPU page.
    pub fn from_number(number: u64) -> Option<Domain> {
        Domain::ALL
            .into_iter()
            .find(|domain| *domain as u64 == number)
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
