//! How the root comes to be: the image's archive, then what all programs expect.
//!
//! It is built when a path is first walked, so that a program without files does
//! not wait for it. Files of the archive lie where the image has them and cannot
//! be changed; a directory of the archive takes new names like any other.

use domains::archive::{self, Item, kind};
use gate::{clock, info};
use spin::Once;

use super::Memory;
use super::device::Device;
use super::inode::{Content, Inode};
use super::names::Names;
use crate::errno::Errno;
use crate::files::path;
use crate::files::system::{FileSystem, NodeId};
use crate::heap;

/// What `/proc/version` says.
const VERSION: &[u8] = concat!("Cloister ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

static ROOT: Memory = Memory::new(limit, clock::realtime_ns);
static BUILT: Once<()> = Once::new();

/// The root.
///
/// # Errors
///
/// Memory is short.
pub fn root() -> Result<&'static dyn FileSystem, Errno> {
    BUILT.try_call_once(|| ROOT.build(info::archive()))?;
    Ok(&ROOT)
}

/// As much as the kernel's heap may have, but for a part that others need: a
/// program whose files have all can still open one to remove it.
fn limit() -> u64 {
    let limit = heap::limit(info::boot().memory);
    limit.saturating_sub(limit / 16)
}

impl Memory {
    /// Makes the root. What is there already, from an attempt that failed, stays.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn build(&self, archive: &'static [u8]) -> Result<(), Errno> {
        if self.inode(NodeId(0)).is_err() {
            self.make(Content::Directory(Names::default()), 0o755, 1, 0)?;
        }
        for item in archive::items(archive) {
            self.add_item(&item)?;
        }
        self.add_new(b"tmp", Content::Directory(Names::default()), 0o777)?;
        self.add_new(b"dev", Content::Directory(Names::default()), 0o755)?;
        for (name, device) in Device::ALL {
            self.add_below(b"dev", name, Content::Device(device), 0o666)?;
        }
        self.add_new(b"proc", Content::Directory(Names::default()), 0o555)?;
        self.add_below(b"proc", b"version", Content::Archived(VERSION), 0o444)
    }

    /// Adds what the archive has. Where its directory is missing or is none, the
    /// archive is not one of the host tool's, and the item is left out.
    fn add_item(&self, item: &Item<'static>) -> Result<(), Errno> {
        let content = match item.kind {
            kind::FILE => Content::Archived(item.content),
            kind::DIRECTORY => Content::Directory(Names::default()),
            kind::LINK => Content::Link(item.content),
            _ => return Ok(()),
        };
        let split = path::split(item.path);
        let (Some(name), Some(directory)) = (split.name, self.find(split.directory)) else {
            return Ok(());
        };
        match self.make_in(directory, name, content, u32::from(item.mode), 0) {
            Ok(inode) => fix(inode, item.modified),
            Err(Errno::Exists | Errno::NotDirectory) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// The directory at `path`, which is not held: nothing is removed yet.
    fn find(&self, path: &[u8]) -> Option<NodeId> {
        let mut node = NodeId(0);
        let mut rest = path;
        while let Some((name, behind)) = path::first(rest) {
            rest = behind;
            let inode = self.inode(node).ok()?;
            let body = inode.lock().ok()?;
            node = NodeId(u64::from(body.names().ok()?.find(name)?.inode));
        }
        Some(node)
    }

    /// Adds a name to the root, if it is not there.
    fn add_new(&self, name: &[u8], content: Content, mode: u32) -> Result<(), Errno> {
        self.add_below(b"", name, content, mode)
    }

    /// Adds a name to a directory that is in the root, if it is not there.
    fn add_below(
        &self,
        directory: &[u8],
        name: &[u8],
        content: Content,
        mode: u32,
    ) -> Result<(), Errno> {
        let Some(directory) = self.find(directory) else {
            return Ok(());
        };
        match self.make_in(directory, name, content, mode, 0) {
            Ok(_) | Err(Errno::Exists | Errno::NotDirectory) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

/// Lets a file stay as it is.
fn fix(inode: &Inode, modified: u64) -> Result<(), Errno> {
    let mut body = inode.lock()?;
    body.is_fixed = true;
    body.accessed = modified;
    body.note_written(modified);
    Ok(())
}
