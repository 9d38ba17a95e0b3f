//! Where a file comes from.

use alloc::vec::Vec;

use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::path::PATH_MAX;
use crate::files::system::Kind;
use crate::object::flags::Access;

/// What a file is, whatever its names are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// What it is.
    pub kind: Kind,
    /// Its inode.
    pub inode: u64,
    /// How many files had this inode before, if the server knows.
    pub generation: u64,
}

/// Where a file comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The names that lead to it from the root, each behind a slash.
    pub(super) path: Vec<u8>,
    /// What it is; nothing is known of the root.
    pub identity: Option<Identity>,
    /// What it is open for.
    pub access: Option<Access>,
    /// In which generation of the cell the server knows it.
    pub generation: u32,
    /// When this was read from the table, by the clock of removals.
    pub(super) read: u64,
    /// By which removal its name went.
    pub(super) removal: Option<u64>,
    /// Whether what it is now is not known.
    pub(super) is_lost: bool,
}

impl Origin {
    /// The root, which the server knows in a generation.
    pub const fn root(generation: u32) -> Origin {
        Origin {
            path: Vec::new(),
            identity: None,
            access: None,
            generation,
            read: 0,
            removal: None,
            is_lost: false,
        }
    }

    /// The names that lead to it from the root.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        let names = self.path.split(|byte| *byte == b'/');
        names.filter(|name| !name.is_empty())
    }

    /// Whether this is what it was.
    pub fn is(&self, found: Identity) -> bool {
        // DEFENCE: found-the-same
        self.identity == Some(found)
    }

    /// That of a file which the server knows in a generation as this.
    #[must_use]
    pub fn found(self, generation: u32, identity: Identity) -> Origin {
        Origin {
            generation,
            identity: Some(identity),
            ..self
        }
    }

    /// That of a file which was opened in a generation.
    #[must_use]
    pub fn opened(self, generation: u32, access: Access) -> Origin {
        Origin {
            generation,
            access: Some(access),
            ..self
        }
    }

    /// The same file once more.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn copied(&self) -> Result<Origin, Errno> {
        let mut path = Vec::new();
        path.try_reserve_exact(self.path.len())?;
        path.extend_from_slice(&self.path);
        Ok(Origin { path, ..*self })
    }

    /// What `name` leads to in this directory, of which no more is known.
    ///
    /// # Errors
    ///
    /// Memory is short, or the names are too long.
    pub(super) fn child(&self, name: &[u8]) -> Result<Origin, Errno> {
        let size = self.path.len().saturating_add(name.len()).saturating_add(1);
        if size > PATH_MAX {
            return Err(Errno::NameTooLong);
        }
        let mut path = Vec::new();
        path.try_reserve_exact(size)?;
        path.extend_from_slice(&self.path);
        path.push(b'/');
        path.extend_from_slice(name);
        Ok(Origin {
            path,
            identity: None,
            access: None,
            ..*self
        })
    }

    /// Whether its name is `path`, or leads through that.
    pub(super) fn is_at(&self, path: &[u8]) -> bool {
        let rest = self.path.strip_prefix(path);
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
    }

    /// It was found again. If its name was removed meanwhile, nobody knows whether
    /// before or after.
    pub(super) fn renew(&mut self, generation: u32) -> Result<(), Trouble> {
        self.generation = generation;
        // DEFENCE: removed-while-found
        self.is_lost = self.removal.is_some();
        match self.is_lost {
            true => Err(Errno::Device.into()),
            false => Ok(()),
        }
    }
}
