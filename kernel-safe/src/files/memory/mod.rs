//! The file system in memory, which is the root.
//!
//! Each file has a lock of its own. Where two are held, the directory's comes
//! first and then that of a file in it; the pool's comes last. No lock is held
//! while anybody sleeps: a copy from or to the application does not.
//!
//! Files may use half of the machine's memory, all that they cost counted; a
//! write beyond that gets ENOSPC, and what is removed makes room for others, and
//! for the application. Removing takes away the name: the
//! file goes when nobody holds it any more.

pub mod build;
pub mod device;
pub mod inode;
pub mod names;
pub mod pages;
pub mod room;
#[cfg(test)]
pub(in crate::files) mod tests;

use spin::Mutex;

use self::inode::{Body, Content, Held, Inode};
use self::names::Names;
use self::pages::Pages;
use self::room::Room;
use super::system::{Appended, Entries, FileSystem, Kind, Lookup, Metadata, NodeId};
use super::transfer::{Source, Target};
use crate::errno::Errno;
use crate::object::flags::Access;
use crate::pool::Pool;

pub use self::build::root;

/// Bits of a mode that the owner needs.
const OWNER_READS: u32 = 0o400;
const OWNER_WRITES: u32 = 0o200;

/// How many slots of a directory are looked at under its lock, before others
/// may run.
const PORTION: usize = 256;

/// A file system in memory.
#[derive(Debug)]
pub struct Memory {
    inodes: Mutex<Pool<Inode>>,
    room: Room,
    now: fn() -> u64,
}

impl Memory {
    /// An empty one, which has not even a root: `limit` says how many bytes it
    /// may use, `now` what time it is.
    pub const fn new(limit: fn() -> u64, now: fn() -> u64) -> Memory {
        Memory {
            inodes: Mutex::new(Pool::new()),
            room: Room::new(limit),
            now,
        }
    }

    fn inode(&self, node: NodeId) -> Result<&'static Inode, Errno> {
        let number = u32::try_from(node.0).map_err(|_| Errno::NotFound)?;
        self.inodes.lock().get(number).ok_or(Errno::NotFound)
    }

    /// A new file without a name, held `holders` times; its name will have so
    /// many bytes.
    fn make(
        &self,
        content: Content,
        mode: u32,
        holders: u64,
        name: usize,
    ) -> Result<&'static Inode, Errno> {
        let cost = inode::cost(name);
        self.room.take(cost)?;
        let made = self.fill_slot(self.body(content, mode, holders, cost));
        made.map_err(|_| {
            self.room.give_back(cost);
            Errno::NoSpace
        })
    }

    fn body(&self, content: Content, mode: u32, holders: u64, cost: u64) -> Body {
        let now = (self.now)();
        let is_directory = content.kind() == Kind::Directory;
        Body {
            content,
            mode: mode & 0o7777,
            links: 1 + u64::from(is_directory),
            holders,
            accessed: now,
            modified: now,
            changed: now,
            is_fixed: false,
            cost,
        }
    }

    fn fill_slot(&self, body: Body) -> Result<&'static Inode, Errno> {
        let inode = self.inodes.lock().take(Inode::new)?;
        let filled = inode.fill(body);
        filled.inspect_err(|_| self.inodes.lock().give_back(inode.number))?;
        Ok(inode)
    }

    /// Makes a file with the name `name` in a directory.
    fn make_in(
        &self,
        directory: NodeId,
        name: &[u8],
        content: Content,
        mode: u32,
        holders: u64,
    ) -> Result<&'static Inode, Errno> {
        let directory = self.inode(directory)?;
        let mut body = directory.lock()?;
        let names = body.names_mut()?;
        if names.find(name).is_some() {
            return Err(Errno::Exists);
        }
        let reserved = names.reserve(name).map_err(|_| Errno::NoSpace)?;
        let kind = content.kind();
        let inode = self.make(content, mode, holders, name.len())?;
        names.add(reserved, inode.number, kind);
        if kind == Kind::Directory {
            body.links = body.links.saturating_add(1);
        }
        body.note_written((self.now)());
        Ok(inode)
    }

    /// Removes a name from a directory if `check` agrees with what it leads to.
    fn remove(
        &self,
        directory: NodeId,
        name: &[u8],
        check: fn(&Body) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let directory = self.inode(directory)?;
        let mut body = directory.lock()?;
        let found = body.names()?.find(name).ok_or(Errno::NotFound)?;
        let child = self.inode(NodeId(u64::from(found.inode)))?;
        let mut removed = child.lock()?;
        check(&removed)?;
        if removed.is_fixed {
            return Err(Errno::ReadOnly);
        }
        if removed.content.kind() == Kind::Directory {
            body.links = body.links.saturating_sub(1);
        }
        removed.links = 0;
        removed.changed = (self.now)();
        body.names_mut()?.remove(name);
        body.note_written((self.now)());
        drop(body);
        self.end_if_unused(child, removed);
        Ok(())
    }

    /// Frees a file that has neither a name nor a holder.
    fn end_if_unused(&self, inode: &Inode, mut body: Held<'_>) {
        if body.links == 0 && body.holders == 0 {
            let remains = body.clear(&self.room);
            body.end();
            self.inodes.lock().give_back(inode.number);
            drop(remains);
        }
    }

    /// Counts one more holder.
    fn hold(inode: &Inode) -> Result<Lookup, Errno> {
        let mut body = inode.lock()?;
        body.holders = body.holders.saturating_add(1);
        Ok(Lookup {
            node: NodeId(u64::from(inode.number)),
            kind: body.content.kind(),
        })
    }
}

impl FileSystem for Memory {
    fn root(&self) -> Result<NodeId, Errno> {
        Ok(Memory::hold(self.inode(NodeId(0))?)?.node)
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        let directory = self.inode(directory)?;
        let body = directory.lock()?;
        let found = body.names()?.find(name).ok_or(Errno::NotFound)?;
        // Under the directory's lock the name stays, and the file with it.
        Memory::hold(self.inode(NodeId(u64::from(found.inode)))?)
    }

    fn release(&self, node: NodeId) {
        if let Ok(inode) = self.inode(node)
            && let Ok(mut body) = inode.lock()
        {
            body.holders = body.holders.saturating_sub(1);
            self.end_if_unused(inode, body);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let inode = self.inode(node)?;
        Ok(inode.lock()?.metadata(inode.number))
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        let Content::Link(path) = self.inode(node)?.lock()?.content else {
            return Err(Errno::Invalid);
        };
        let place = target.get_mut(..path.len()).ok_or(Errno::NameTooLong)?;
        place.copy_from_slice(path);
        Ok(path.len())
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        let inode = self.inode(node)?;
        let mut body = inode.lock()?;
        if access.write && matches!(body.content, Content::Archived(_)) {
            return Err(Errno::ReadOnly);
        }
        let is_allowed = |wanted: bool, bit| !wanted || body.mode & bit != 0;
        if !is_allowed(access.read, OWNER_READS) || !is_allowed(access.write, OWNER_WRITES) {
            return Err(Errno::Denied);
        }
        body.holders = body.holders.saturating_add(1);
        Ok(node)
    }

    fn create(
        &self,
        directory: NodeId,
        name: &[u8],
        mode: u32,
        _access: Access,
    ) -> Result<NodeId, Errno> {
        let content = Content::File(Pages::default());
        let made = self.make_in(directory, name, content, mode, 1)?;
        Ok(NodeId(u64::from(made.number)))
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let content = Content::Directory(Names::default());
        self.make_in(directory, name, content, mode, 0).map(|_| ())
    }

    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(directory, name, |body| match body.content {
            Content::Directory(_) => Err(Errno::IsDirectory),
            _ => Ok(()),
        })
    }

    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(directory, name, |body| {
            if body.names()?.is_empty() {
                Ok(())
            } else {
                Err(Errno::NotEmpty)
            }
        })
    }

    fn list(
        &self,
        directory: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let directory = self.inode(directory)?;
        let mut body = directory.lock()?;
        let next = body.names()?.list(cookie, PORTION, entries)?;
        body.note_read(self.now);
        Ok(next)
    }

    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let inode = self.inode(file)?;
        let mut body = inode.lock()?;
        let read = match &body.content {
            Content::File(pages) => pages.read(offset, target)?,
            Content::Archived(bytes) => {
                let bytes = *bytes;
                drop(body);
                return read_archived(bytes, offset, target);
            }
            Content::Device(device) => {
                let device = *device;
                drop(body);
                return device.read(target);
            }
            Content::Directory(_) => return Err(Errno::IsDirectory),
            Content::Link(_) => return Err(Errno::Invalid),
        };
        body.note_read(self.now);
        Ok(read)
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let inode = self.inode(file)?;
        let mut body = inode.lock()?;
        if let Content::Device(device) = body.content {
            return device.write(source);
        }
        let written = body.pages_mut()?.write(offset, source, &self.room)?;
        body.note_written((self.now)());
        Ok(written)
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        let inode = self.inode(file)?;
        let mut body = inode.lock()?;
        let appended = body.pages_mut()?.append(source, &self.room)?;
        body.note_written((self.now)());
        Ok(appended)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        let inode = self.inode(file)?;
        let mut body = inode.lock()?;
        let remains = body.pages_mut()?.set_size(size, &self.room)?;
        body.note_written((self.now)());
        drop(body);
        drop(remains);
        Ok(())
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        // It is as safe in memory as it will ever be.
        self.inode(file).map(|_| ())
    }
}

fn read_archived(bytes: &[u8], offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let bytes = bytes.get(start..).unwrap_or(&[]);
    let size = bytes.len().min(target.size()).min(pages::TRANSFER_MAX);
    target.put(0, bytes.get(..size).unwrap_or(&[]))?;
    Ok(size)
}
