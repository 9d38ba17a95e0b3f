//! Walking along a path.
//!
//! A walk keeps every directory on the way from the root to where it stands, so
//! that `..` is a step back and never a question to a file system: nothing that
//! is mounted, and nobody who serves it, can lead a walk out of the name space.
//! Names are resolved one by one; symbolic links here, since they may lead from
//! one file system to another.

use alloc::vec::Vec;

use super::mounts::{self, Mount};
use super::path::{self, PATH_MAX};
use super::system::{FileSystem, Kind, NodeId};
use crate::errno::Errno;

/// The most symbolic links on a way.
pub const LINKS_MAX: u32 = 40;

/// A file that a walk has reached; released when dropped.
#[derive(Debug)]
pub struct Location {
    /// Its file system.
    pub system: &'static dyn FileSystem,
    /// Its number there.
    pub node: NodeId,
    /// What it is.
    pub kind: Kind,
    /// Whether its file system may be changed.
    pub is_writable: bool,
    /// How long the path to its directory is.
    path_before: usize,
}

impl Drop for Location {
    fn drop(&mut self) {
        self.system.release(self.node);
    }
}

impl Location {
    /// Refuses to change what may not be changed.
    ///
    /// # Errors
    ///
    /// It is mounted read-only.
    pub fn check_writable(&self) -> Result<(), Errno> {
        if self.is_writable {
            Ok(())
        } else {
            Err(Errno::ReadOnly)
        }
    }

    fn check_directory(&self) -> Result<(), Errno> {
        if self.kind == Kind::Directory {
            Ok(())
        } else {
            Err(Errno::NotDirectory)
        }
    }

    fn root_of(mount: Mount, path_before: usize) -> Result<Location, Errno> {
        Ok(Location {
            system: mount.system,
            node: mount.system.root()?,
            kind: Kind::Directory,
            is_writable: mount.is_writable,
            path_before,
        })
    }
}

/// Whether a link at the end of a path is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Last {
    /// It is, like all others.
    Follow,
    /// The walk ends at the link itself.
    Stay,
}

/// A walk, which stands somewhere.
#[derive(Debug)]
pub struct Walk {
    root: Location,
    /// The places behind the root.
    places: Vec<Location>,
    /// The path to where it stands, without links and `..`.
    path: Vec<u8>,
    links: u32,
}

impl Walk {
    /// A walk that stands at the root.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn new() -> Result<Walk, Errno> {
        Walk::at(mounts::root()?)
    }

    /// A walk that stands at `root`.
    ///
    /// # Errors
    ///
    /// The file system cannot be reached.
    pub fn at(root: Mount) -> Result<Walk, Errno> {
        Ok(Walk {
            root: Location::root_of(root, 0)?,
            places: Vec::new(),
            path: Vec::new(),
            links: 0,
        })
    }

    /// Where it stands.
    pub fn here(&self) -> &Location {
        self.places.last().unwrap_or(&self.root)
    }

    /// Goes along `path`.
    ///
    /// # Errors
    ///
    /// The path leads nowhere.
    pub fn go(&mut self, path: &[u8], last: Last) -> Result<(), Errno> {
        self.start(path);
        // What a link adds to the way, if one did.
        let mut way: Vec<u8>;
        let mut rest = path;
        while let Some((name, behind)) = path::first(rest) {
            rest = behind;
            self.step(name)?;
            let is_last = rest.is_empty();
            if self.here().kind == Kind::Link && !(is_last && last == Last::Stay) {
                way = self.follow(rest)?;
                self.start(&way);
                rest = &way;
            }
        }
        if path::is_of_directory(path) {
            self.here().check_directory()?;
        }
        Ok(())
    }

    /// Follows the link where it stands: what is still to go, with `rest` behind
    /// it. Afterwards the walk stands at the link's directory.
    ///
    /// # Errors
    ///
    /// There were too many links, or the path becomes too long.
    pub fn follow(&mut self, rest: &[u8]) -> Result<Vec<u8>, Errno> {
        self.links = self.links.saturating_add(1);
        // DEFENCE: walk-links
        if self.links > LINKS_MAX {
            return Err(Errno::Loop);
        }
        let mut way = Vec::new();
        way.try_reserve(PATH_MAX)?;
        way.resize(PATH_MAX, 0);
        let size = self.here().system.read_link(self.here().node, &mut way)?;
        way.truncate(size);
        // A server may say anything: no name has a zero byte.
        if way.is_empty() || way.contains(&0) {
            return Err(Errno::NotFound);
        }
        path::append(&mut way, rest)?;
        self.back();
        Ok(way)
    }

    /// Goes to `name` in the directory where it stands.
    ///
    /// # Errors
    ///
    /// There is no such name, or it stands at no directory.
    pub fn step(&mut self, name: &[u8]) -> Result<(), Errno> {
        self.here().check_directory()?;
        match name {
            b"." => Ok(()),
            b".." => {
                self.back();
                Ok(())
            }
            _ => self.enter(name),
        }
    }

    /// What is mounted at `name` in the directory where it stands.
    ///
    /// # Errors
    ///
    /// The path becomes too long.
    pub fn mounted(&mut self, name: &[u8]) -> Result<Option<Mount>, Errno> {
        let before = self.path.len();
        self.extend_path(name)?;
        let mount = mounts::find(&self.path);
        self.path.truncate(before);
        Ok(mount)
    }

    fn enter(&mut self, name: &[u8]) -> Result<(), Errno> {
        path::check_name(name)?;
        self.places.try_reserve(1)?;
        let before = self.path.len();
        self.extend_path(name)?;
        let place = self.place(name, before);
        if place.is_err() {
            self.path.truncate(before);
        }
        self.places.push(place?);
        Ok(())
    }

    /// The place `name`, to which the path leads already.
    fn place(&self, name: &[u8], path_before: usize) -> Result<Location, Errno> {
        if let Some(mount) = mounts::find(&self.path) {
            return Location::root_of(mount, path_before);
        }
        let here = self.here();
        let found = here.system.lookup(here.node, name)?;
        Ok(Location {
            system: here.system,
            node: found.node,
            kind: found.kind,
            is_writable: here.is_writable,
            path_before,
        })
    }

    fn extend_path(&mut self, name: &[u8]) -> Result<(), Errno> {
        let size = name.len().saturating_add(1);
        if self.path.len().saturating_add(size) >= PATH_MAX {
            return Err(Errno::NameTooLong);
        }
        self.path.try_reserve(size)?;
        self.path.push(b'/');
        self.path.extend_from_slice(name);
        Ok(())
    }

    /// Stands at the root if `path` is absolute.
    fn start(&mut self, path: &[u8]) {
        if path.first() == Some(&b'/') {
            self.places.clear();
            self.path.clear();
        }
    }

    /// One step back; none from the root.
    fn back(&mut self) {
        if let Some(place) = self.places.pop() {
            self.path.truncate(place.path_before);
        }
    }
}
