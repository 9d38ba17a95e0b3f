//! Finding files again when their server has forgotten them.
//!
//! When the cell of the files is started anew, its devices are reset, and servers
//! forget every number that they gave or were given. A volume outlives that: for
//! each file it remembers by which names, from the root on, it was found, what it
//! was then, and for what it is open. A number holds in one generation of the cell;
//! the first thread that uses a file in a later one finds it again.
//!
//! What is found under the same names must be the same file, by its kind, its inode
//! and, where the server tells one, the inode's generation. Any other is never
//! used: the file is lost then, and an error for good or until it stands there
//! again. A file whose name the guest removed is not looked for at all, since hosts
//! give the inode of a removed file to the next one. The host may do the same
//! behind our back, between a restart and the next use, and by 9P nothing tells
//! that.
//!
//! Nothing is found again before somebody needs it, and it is done by who needs it:
//! cells also fail where nobody may sleep. A restart in the middle of all that means
//! to begin once more, so many times and no more.

mod origin;
mod removals;

use alloc::vec::Vec;
use core::fmt;

use spin::Mutex;

use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::wait::turn::Turn;

use self::removals::Removals;

pub use self::origin::{Identity, Origin};

/// How often something is tried: as often as a cell may be started anew in a minute,
/// if nobody says otherwise.
const ATTEMPTS: u32 = 64;

/// Where the files of a volume come from, by number.
pub struct Origins {
    table: Mutex<Table>,
    /// Whose turn it is to find a file again.
    finder: Turn,
}

struct Table {
    origins: Vec<Option<Origin>>,
    removals: Removals,
}

/// When what was sent and brought no good reply is sent once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Always: done twice it comes to the same.
    Freely,
    /// If there was no reply at all: then it was not done.
    Undone,
    /// Never: it may have been done.
    Never,
}

/// Does `ask` until a restart no longer comes in between, as far as it repeats.
///
/// # Errors
///
/// It failed, may or may not have been done, or the cell fails and fails.
pub fn steadily<T>(
    repeat: Repeat,
    mut ask: impl FnMut() -> Result<T, Trouble>,
) -> Result<T, Errno> {
    for _ in 0..ATTEMPTS {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(Trouble::Unsent) => {}
            // DEFENCE: done-once
            Err(Trouble::Unanswered) if repeat != Repeat::Never => {}
            // DEFENCE: garbled-done-once
            Err(Trouble::Garbled) if repeat == Repeat::Freely => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(Errno::Device)
}

/// What failed is only the preparation of a request, which can be done again.
pub fn before(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unanswered | Trouble::Garbled => Trouble::Unsent,
        other => other,
    }
}

impl Origins {
    /// None.
    pub const fn new() -> Origins {
        let table = Table {
            origins: Vec::new(),
            removals: Removals::new(),
        };
        Origins {
            table: Mutex::new(table),
            finder: Turn::new(),
        }
    }

    /// Notes where a file comes from.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn note(&self, number: u64, mut origin: Origin) -> Result<(), Errno> {
        let place = usize::try_from(number).map_err(|_| Errno::NoMemory)?;
        let Table { origins, removals } = &mut *self.table.lock();
        // DEFENCE: gone-meanwhile
        origin.removal = origin.removal.or_else(|| removals.of(&origin, origin.read));
        if place >= origins.len() {
            let more = place.saturating_sub(origins.len()).saturating_add(1);
            origins.try_reserve(more)?;
            origins.resize_with(place.saturating_add(1), || None);
        }
        if let Some(slot) = origins.get_mut(place) {
            *slot = Some(origin);
        }
        Ok(())
    }

    /// Forgets a file; where it came from.
    pub fn forget(&self, number: u64) -> Option<Origin> {
        let place = usize::try_from(number).ok()?;
        self.table.lock().origins.get_mut(place)?.take()
    }

    /// Where a file comes from.
    ///
    /// # Errors
    ///
    /// Memory is short, or there is no such file.
    pub fn of(&self, number: u64) -> Result<Origin, Errno> {
        self.read(number, Origin::copied)
    }

    /// Where `name` in a directory comes from.
    ///
    /// # Errors
    ///
    /// As [`Origins::of`], or the names are too long.
    pub fn child(&self, directory: u64, name: &[u8]) -> Result<Origin, Errno> {
        self.read(directory, |origin| origin.child(name))
    }

    /// Reads an origin, and notes when.
    fn read(
        &self,
        number: u64,
        read: impl FnOnce(&Origin) -> Result<Origin, Errno>,
    ) -> Result<Origin, Errno> {
        let place = usize::try_from(number).map_err(|_| Errno::Invalid)?;
        let table = self.table.lock();
        let origin = table.origins.get(place).and_then(Option::as_ref);
        let origin = read(origin.ok_or(Errno::Invalid)?)?;
        Ok(Origin {
            read: table.removals.now(),
            ..origin
        })
    }

    /// Sees to it that the server knows a file in a generation of the cell: `find`
    /// finds it again if the server has forgotten it.
    ///
    /// # Errors
    ///
    /// The file is not where it was, or is another; memory is short; or the cell was
    /// started anew meanwhile.
    pub fn ensure(
        &self,
        number: u64,
        generation: u32,
        find: impl FnOnce(&Origin) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        if self.is_known(number, generation)? {
            return Ok(());
        }
        let _turn = self.finder.take()?;
        if self.is_known(number, generation)? {
            return Ok(());
        }
        let origin = self.of(number)?;
        // DEFENCE: removed-stays-removed
        if origin.removal.is_some() {
            return Err(Errno::Device.into());
        }
        find(&origin).map_err(not_found)?;
        self.with(number, |origin| origin.renew(generation))?
    }

    /// The name `name` of a directory is about to be removed: whatever has it is not
    /// looked for any more. What to give to [`Origins::judge`] then.
    ///
    /// # Errors
    ///
    /// As [`Origins::child`].
    pub fn remove(&self, directory: u64, name: &[u8]) -> Result<u64, Errno> {
        let removed = self.child(directory, name)?;
        let Table { origins, removals } = &mut *self.table.lock();
        let removal = removals.begin(removed.copied()?.path)?;
        for origin in origins.iter_mut().flatten() {
            if origin.removal.is_none() && origin.is_at(&removed.path) {
                origin.removal = Some(removal);
            }
        }
        Ok(removal)
    }

    /// What a removal has come to. If it was refused, what it was about is still
    /// there; if nothing had that name, nothing is; if it failed for other reasons,
    /// nobody knows.
    ///
    /// # Errors
    ///
    /// As `removed` says.
    pub fn judge(&self, removal: u64, removed: Result<(), Errno>) -> Result<(), Errno> {
        match removed {
            Ok(()) | Err(Errno::Device | Errno::NotFound) => {
                self.table.lock().removals.end(removal);
            }
            Err(_) => self.keep(removal),
        }
        removed
    }

    fn keep(&self, removal: u64) {
        let Table { origins, removals } = &mut *self.table.lock();
        removals.call_back(removal);
        for origin in origins.iter_mut().flatten() {
            if origin.removal == Some(removal) {
                origin.removal = None;
            }
        }
    }

    fn is_known(&self, number: u64, generation: u32) -> Result<bool, Errno> {
        self.with(number, |origin| match origin.is_lost {
            true => Err(Errno::Device),
            false => Ok(origin.generation == generation),
        })?
    }

    fn with<T>(&self, number: u64, then: impl FnOnce(&mut Origin) -> T) -> Result<T, Errno> {
        let place = usize::try_from(number).map_err(|_| Errno::Invalid)?;
        let mut table = self.table.lock();
        let origin = table.origins.get_mut(place).and_then(Option::as_mut);
        origin.map(then).ok_or(Errno::Invalid)
    }
}

/// Says no more: a volume is a file system, whose words are in every image.
impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origins")
    }
}

impl Default for Origins {
    fn default() -> Self {
        Origins::new()
    }
}

/// Why a file was not found again, as its user is told: whatever the server says
/// is about names, and not about the file.
fn not_found(trouble: Trouble) -> Trouble {
    match before(trouble) {
        Trouble::Failed(Errno::NoMemory) => Trouble::Failed(Errno::NoMemory),
        Trouble::Failed(_) => Trouble::Failed(Errno::Device),
        other => other,
    }
}

#[cfg(test)]
mod tests;
