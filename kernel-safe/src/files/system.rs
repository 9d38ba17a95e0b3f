//! What a file system offers.
//!
//! A file system is one object that lives as long as the kernel. Its files are
//! known by number, so that nothing is allocated to speak of one. A number that
//! it gives out, in whatever way, is the caller's until [`FileSystem::release`]
//! takes it back, once. Any method may sleep, so no lock is held around a call.
//!
//! What all file systems have in common is not theirs: `.` and `..`, symbolic
//! links in a path, mount points, whether a mount can be written, positions and
//! flags of descriptors.

use core::fmt::Debug;

use super::transfer::{Source, Target};
use crate::errno::Errno;
use crate::object::flags::Access;

/// The most bytes of a name.
pub const NAME_MAX: usize = 255;

/// A file, as its file system knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u64);

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A character device.
    Device,
    /// Something that a host has and a guest cannot use.
    Other,
}

/// What a name leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lookup {
    /// The file.
    pub node: NodeId,
    /// What it is.
    pub kind: Kind,
}

/// What can be known of a file without reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// The lower twelve bits of its mode.
    pub mode: u32,
    /// Its number, unique in its file system.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
    /// Its size in bytes.
    pub size: u64,
    /// How many blocks of 512 bytes it occupies.
    pub blocks: u64,
    /// When it was read, in nanoseconds since 1970.
    pub accessed: u64,
    /// When it was written.
    pub modified: u64,
    /// When it or its metadata changed.
    pub changed: u64,
    /// The number of its file system.
    pub device: u64,
}

/// What an append has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// How many bytes were written.
    pub written: usize,
    /// The offset behind them.
    pub end: u64,
}

/// An entry of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dirent<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The number of the file.
    pub inode: u64,
    /// What the file is.
    pub kind: Kind,
    /// Where a list goes on behind it.
    pub next: u64,
}

/// What takes the entries of a directory.
pub trait Entries {
    /// Takes an entry.
    ///
    /// # Errors
    ///
    /// It has nowhere to put it.
    fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno>;
}

/// A file system.
///
/// Names have 1 to [`NAME_MAX`] bytes, no slash and no zero byte, and are
/// neither `.` nor `..`.
pub trait FileSystem: Sync + Debug {
    /// The root directory.
    ///
    /// # Errors
    ///
    /// The file system cannot be reached.
    fn root(&self) -> Result<NodeId, Errno>;

    /// What `name` leads to in a directory.
    ///
    /// # Errors
    ///
    /// Nothing has that name, or `directory` is none.
    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno>;

    /// Takes a number back that was given out.
    fn release(&self, node: NodeId);

    /// What is known of a file, be it open or not.
    ///
    /// # Errors
    ///
    /// The file system cannot be reached.
    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno>;

    /// Reads where a symbolic link leads; how many bytes that has.
    ///
    /// # Errors
    ///
    /// It is no link.
    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        let _ = (node, target);
        Err(Errno::Invalid)
    }

    /// Opens a file or a directory: a number of its own.
    ///
    /// # Errors
    ///
    /// It cannot be opened for that.
    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno>;

    /// Makes a regular file and opens it.
    ///
    /// # Errors
    ///
    /// The name is taken, or there is no room.
    fn create(
        &self,
        directory: NodeId,
        name: &[u8],
        mode: u32,
        access: Access,
    ) -> Result<NodeId, Errno>;

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// The name is taken, or there is no room.
    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno>;

    /// Removes the name of what is not a directory. The file lives on while it
    /// is open.
    ///
    /// # Errors
    ///
    /// It is a directory, or cannot be removed.
    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno>;

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// It is not empty, no directory, or cannot be removed.
    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno>;

    /// Lists a portion of an open directory from `cookie` on: zero, or where an
    /// entry or a portion said that the list goes on. Where it does behind this
    /// portion, if it does. `.` and `..` are not in it.
    ///
    /// What a portion takes is bounded, however few entries it brings.
    ///
    /// # Errors
    ///
    /// It is no directory, or `entries` failed.
    fn list(
        &self,
        directory: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno>;

    /// Reads an open file at `offset`; how many bytes, zero at its end.
    ///
    /// # Errors
    ///
    /// Not one byte could be read.
    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno>;

    /// Writes an open file at `offset`; how many bytes.
    ///
    /// # Errors
    ///
    /// Not one byte could be written.
    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno>;

    /// Writes at the end of an open file.
    ///
    /// # Errors
    ///
    /// Not one byte could be written.
    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno>;

    /// Cuts an open file, or lets it grow by zeros.
    ///
    /// # Errors
    ///
    /// It cannot have that size.
    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno>;

    /// Waits until what was written is where it would survive the guest.
    ///
    /// # Errors
    ///
    /// It is not.
    fn sync(&self, file: NodeId) -> Result<(), Errno>;
}
