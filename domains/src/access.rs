//! Rights over an area, and the accesses that they allow.

use core::fmt;

/// What a domain may do with the data of an area.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rights {
    /// Neither load nor store.
    None,
    /// Loads only.
    Read,
    /// Loads and stores.
    ReadWrite,
}

/// One way to touch memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch, which protection keys do not judge.
    Execute,
}

impl Rights {
    /// Whether these rights allow `access` to data.
    ///
    /// A fetch is never allowed by a right: what may be executed is decided by
    /// the no-execute bit of the page, for all domains alike.
    pub const fn allow(self, access: Access) -> bool {
        matches!(
            (self, access),
            (Rights::Read, Access::Read) | (Rights::ReadWrite, Access::Read | Access::Write)
        )
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Rights::None => "–",
            Rights::Read => "r",
            Rights::ReadWrite => "rw",
        })
    }
}

impl Access {
    /// Every access.
    pub const ALL: [Access; 3] = [Access::Read, Access::Write, Access::Execute];

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Execute => "execute",
        }
    }

    /// The access called `name`.
    pub fn from_name(name: &str) -> Option<Access> {
        Access::ALL.into_iter().find(|access| access.name() == name)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
