//! Files: one name space over several file systems.
//!
//! | module | holds |
//! |---|---|
//! | [`system`], [`transfer`] | what a file system offers, and how bytes get there |
//! | [`memory`] | the root: files in memory, the archive of the image, devices |
//! | [`mounts`] | which file system lies where |
//! | [`path`], [`walk`] | from text to a file |
//! | [`flags`], [`mod@file`] | opening, and what descriptors do with what is open |
//! | [`course`] | that lists come to an end |
//! | [`status`], [`records`] | what the application is told |
//!
//! There is no current directory: every path counts from the root.

pub mod course;
pub mod file;
pub mod memory;
pub mod mounts;
pub mod path;
pub mod records;
pub mod status;
pub mod system;
pub mod transfer;
pub mod walk;

use alloc::vec::Vec;

use domains::files::Status;

use self::file::File;
use self::path::Split;
use self::system::Kind;
use self::walk::{Last, Location, Walk};
use crate::errno::{Answer, Errno};
use crate::object::status::tell;
use crate::object::{Object, flags};

/// How often an open tries again: for each link on the way, and as often when
/// others make and remove the same name. A server that says by turns that a name
/// is there and that it is not would have it try for ever.
const TRIES: usize = 2 * walk::LINKS_MAX as usize;

/// Opens the file whose path lies at `path`; it, and the flags of its
/// description.
///
/// # Errors
///
/// The path leads nowhere, or the file cannot be opened for what `flags` say.
pub fn open(path: usize, flags: u32, mode: u32) -> Result<(File, u32), Errno> {
    let flags = flags::check(flags)?;
    let path = path::copy(path)?;
    let file = if flags & flags::CREATE == 0 {
        let mut walk = Walk::new()?;
        walk.go(&path, Last::Follow)?;
        open_place(walk.here(), flags)?
    } else {
        create(path, flags, mode)?
    };
    Ok((file, flags::kept(flags)))
}

/// Opens what is there.
fn open_place(place: &Location, flags: u32) -> Result<File, Errno> {
    let access = flags::access(flags);
    match place.kind {
        Kind::Directory if access.write => return Err(Errno::IsDirectory),
        Kind::Directory => {}
        _ if flags & flags::DIRECTORY != 0 => return Err(Errno::NotDirectory),
        Kind::File if access.write => place.check_writable()?,
        Kind::File | Kind::Device => {}
        Kind::Link | Kind::Other => return Err(Errno::Unsupported),
    }
    let file = File {
        system: place.system,
        node: place.system.open(place.node, access)?,
        kind: place.kind,
    };
    if flags & flags::TRUNCATE != 0 && access.write && place.kind == Kind::File {
        let cut = file.system.set_size(file.node, 0);
        cut.inspect_err(|_| file.close())?;
    }
    Ok(file)
}

/// Opens what is there, or makes it.
fn create(path: Vec<u8>, flags: u32, mode: u32) -> Result<File, Errno> {
    create_by(Walk::new()?, path, flags, mode)
}

/// As [`create`], by a walk that stands at the root.
fn create_by(mut walk: Walk, mut path: Vec<u8>, flags: u32, mode: u32) -> Result<File, Errno> {
    // DEFENCE: create-tries
    for _ in 0..TRIES {
        let Split { directory, name } = path::split(&path);
        walk.go(directory, Last::Follow)?;
        let name = name.ok_or(Errno::IsDirectory)?;
        match walk.step(name) {
            Err(Errno::NotFound) if path::is_of_directory(&path) => {
                return Err(Errno::IsDirectory);
            }
            Err(Errno::NotFound) => match make(walk.here(), name, flags, mode) {
                // Somebody else was faster.
                Err(Errno::Exists) if flags & flags::EXCLUSIVE == 0 => path = copied(name)?,
                made => return made,
            },
            Err(errno) => return Err(errno),
            Ok(()) if flags & flags::EXCLUSIVE != 0 => return Err(Errno::Exists),
            Ok(()) if walk.here().kind == Kind::Link => path = walk.follow(&[])?,
            Ok(()) if path::is_of_directory(&path) => return Err(Errno::IsDirectory),
            Ok(()) => return open_place(walk.here(), flags),
        }
    }
    Err(Errno::Device)
}

fn make(place: &Location, name: &[u8], flags: u32, mode: u32) -> Result<File, Errno> {
    place.check_writable()?;
    let access = flags::access(flags);
    let node = place.system.create(place.node, name, mode, access)?;
    Ok(File {
        system: place.system,
        node,
        kind: Kind::File,
    })
}

fn copied(name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut path = Vec::new();
    path::append(&mut path, name)?;
    Ok(path)
}

/// Writes what is known of the file whose path lies at `path` to `address`.
///
/// # Errors
///
/// The path leads nowhere, or the address is not the caller's.
pub fn status(path: usize, address: usize, last: Last) -> Answer {
    let path = path::copy(path)?;
    let mut walk = Walk::new()?;
    walk.go(&path, last)?;
    let place = walk.here();
    let metadata = place.system.metadata(place.node)?;
    tell(&Status::from(&metadata), address)
}

/// Makes a directory.
///
/// # Errors
///
/// The name is taken, or it cannot be made there.
pub fn make_directory(path: usize, mode: u32) -> Answer {
    change(path, Errno::Exists, |place, name| {
        if is_dots(name) {
            return Err(Errno::Exists);
        }
        if !place.is_writable {
            return Err(why_not_made(place, name));
        }
        place.system.make_directory(place.node, name, mode)
    })
}

/// Why a name cannot be made where nothing can: a name that is taken is told
/// first.
fn why_not_made(place: &Location, name: &[u8]) -> Errno {
    match place.system.lookup(place.node, name) {
        Ok(found) => {
            place.system.release(found.node);
            Errno::Exists
        }
        Err(Errno::NotFound) => Errno::ReadOnly,
        Err(errno) => errno,
    }
}

/// Removes the name of a file.
///
/// # Errors
///
/// It is not there, a directory, or cannot be removed.
pub fn remove_file(path: usize) -> Answer {
    let copy = path::copy(path)?;
    if path::is_of_directory(&copy) {
        // What ends with a slash is a directory, or an error of the walk's.
        Walk::new()?.go(&copy, Last::Follow)?;
        return Err(Errno::IsDirectory);
    }
    change_at(&copy, Errno::IsDirectory, |place, name| {
        if is_dots(name) {
            return Err(Errno::IsDirectory);
        }
        place.check_writable()?;
        place.system.remove_file(place.node, name)
    })
}

/// Removes an empty directory.
///
/// # Errors
///
/// It is not there, not empty, no directory, or cannot be removed.
pub fn remove_directory(path: usize) -> Answer {
    change(path, Errno::Busy, |place, name| match name {
        b"." => Err(Errno::Invalid),
        b".." => Err(Errno::NotEmpty),
        _ => {
            place.check_writable()?;
            place.system.remove_directory(place.node, name)
        }
    })
}

fn is_dots(name: &[u8]) -> bool {
    matches!(name, b"." | b"..")
}

/// Copies a path and changes the directory of its last name, as [`change_at`].
fn change(
    path: usize,
    of_root: Errno,
    what: impl FnOnce(&Location, &[u8]) -> Result<(), Errno>,
) -> Answer {
    change_at(&path::copy(path)?, of_root, what)
}

/// Changes the directory of a path's last name: the root has none, where the
/// answer is `of_root`, and nobody changes a name where something is mounted.
fn change_at(
    path: &[u8],
    of_root: Errno,
    what: impl FnOnce(&Location, &[u8]) -> Result<(), Errno>,
) -> Answer {
    let Split { directory, name } = path::split(path);
    let name = name.ok_or(of_root)?;
    path::check_name(name)?;
    let mut walk = Walk::new()?;
    walk.go(directory, Last::Follow)?;
    if walk.here().kind != Kind::Directory {
        return Err(Errno::NotDirectory);
    }
    if walk.mounted(name)?.is_some() {
        return Err(if of_root == Errno::Exists {
            Errno::Exists
        } else {
            Errno::Busy
        });
    }
    what(walk.here(), name)?;
    Ok(0)
}

#[cfg(test)]
mod tests;
