//! Volumes by 9P: folders of the host that QEMU serves itself.
//!
//! Each file that the kernel knows is a fid of the server. Names go one at a
//! time and never hold a slash, and the server follows no link: a path cannot
//! lead out of the folder. An append is the size and then a write: one at a
//! time for the guest, but the host may append in between.

pub mod client;
pub mod fids;
pub mod message;

use self::client::Client;
use self::fids::ROOT;
use self::message::{DATA_HEADER, Qid, REMOVE_DIRECTORY, kind};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::system::{Appended, Entries, FileSystem, Lookup, Metadata, NodeId};
use crate::files::transfer::{Source, Target};
use crate::object::flags::Access;
use crate::volumes::bytes::{Reply, copy_text, zeros};
use crate::volumes::server::Server;
use crate::volumes::{flags, listing, parts};

/// What the number of a volume is added to, as the number of its device.
const FIRST_DEVICE: u64 = 0x9000;

/// A volume.
#[derive(Debug)]
pub struct Volume {
    client: Client,
}

impl Volume {
    /// The volume behind a channel.
    pub const fn new(number: usize) -> Volume {
        Volume {
            client: Client::new(number),
        }
    }

    /// The server behind it.
    pub const fn server(&self) -> &Server {
        &self.client.server
    }

    /// A file's fid, and the generation in which the server knows it.
    ///
    /// # Errors
    ///
    /// That is another than the session's: the server has forgotten the fid.
    fn fid(&self, node: NodeId) -> Result<(u32, u32), Errno> {
        let (generation, fid) = split(node);
        self.client.server.session(generation)?;
        Ok((generation, fid))
    }

    /// A second number for a file.
    fn duplicate(&self, generation: u32, old: u32) -> Result<u32, Trouble> {
        let walk = |new| {
            let request = |tag| message::walk(tag, old, new, None);
            self.client.tell(generation, kind::WALK, request)
        };
        self.client.new_fid(walk).map(|(new, ())| new)
    }

    /// A second number for a file, which `open` opens.
    fn opened(
        &self,
        node: NodeId,
        open: impl FnOnce(u32, u32) -> Result<(), Trouble>,
    ) -> Result<NodeId, Errno> {
        let (generation, old) = self.fid(node)?;
        let new = self.duplicate(generation, old)?;
        match open(generation, new) {
            Ok(()) => Ok(joined(generation, new)),
            Err(trouble) => {
                self.client.forget(generation, new);
                Err(trouble.into())
            }
        }
    }

    /// Asks for a part of a directory and gives it to `entries`; where the list
    /// goes on, if it does.
    fn list_part(
        &self,
        known: (u32, u32),
        cookie: u64,
        bytes: &mut [u8],
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let (generation, fid) = known;
        let room = bytes.len().saturating_sub(DATA_HEADER);
        let size = u32::try_from(room).map_err(|_| Errno::Invalid)?;
        let request = |tag| message::list(tag, fid, cookie, size);
        let read = |mut reply: Reply<'_>| {
            let size = reply.count(room)?;
            message::listed(reply.bytes(size)?).give_to(entries)
        };
        self.client
            .ask_into(generation, kind::LIST, request, bytes, read)?
    }
}

/// The number of a fid that a server knows in a generation of the cell.
fn joined(generation: u32, fid: u32) -> NodeId {
    NodeId(u64::from(generation) << 32 | u64::from(fid))
}

/// The generation and the fid of a number.
fn split(node: NodeId) -> (u32, u32) {
    let half = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    (half(node.0 >> 32), half(node.0))
}

impl FileSystem for Volume {
    fn root(&self) -> Result<NodeId, Errno> {
        let session = self.client.begin()?;
        // All share one, which is never forgotten: it saves two messages for
        // each path.
        Ok(joined(session.generation, ROOT))
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        let (generation, directory) = self.fid(directory)?;
        let walk = |new| {
            let request = |tag| message::walk(tag, directory, new, Some(name));
            self.client
                .ask(generation, kind::WALK, request, message::walked)
        };
        let (new, Qid { kind, .. }) = self.client.new_fid(walk)?;
        let node = joined(generation, new);
        Ok(Lookup { node, kind })
    }

    fn release(&self, node: NodeId) {
        let (generation, fid) = split(node);
        if fid != ROOT {
            self.client.forget(generation, fid);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let (generation, fid) = self.fid(node)?;
        let device = FIRST_DEVICE.saturating_add(self.client.server.number() as u64);
        let request = |tag| message::get_attributes(tag, fid);
        let read = |reply: Reply<'_>| message::metadata(reply, device);
        Ok(self
            .client
            .ask(generation, kind::GET_ATTRIBUTES, request, read)?)
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        const AROUND: usize = message::HEADER + 2;
        let (generation, fid) = self.fid(node)?;
        let mut bytes = zeros(target.len().saturating_add(AROUND))?;
        let request = |tag| message::read_link(tag, fid);
        let read = |mut reply: Reply<'_>| copy_text(message::read_text(&mut reply)?, target);
        Ok(self
            .client
            .ask_into(generation, kind::READ_LINK, request, &mut bytes, read)?)
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        let flags = flags::of(access);
        self.opened(node, |generation, fid| {
            let request = |tag| message::open(tag, fid, flags);
            self.client.tell(generation, kind::OPEN, request)
        })
    }

    fn create(
        &self,
        directory: NodeId,
        name: &[u8],
        mode: u32,
        access: Access,
    ) -> Result<NodeId, Errno> {
        let flags = flags::of(access) | flags::CREATE | flags::EXCLUSIVE;
        let mode = self.client.server.mode(mode);
        self.opened(directory, |generation, fid| {
            let request = |tag| message::create(tag, fid, name, flags, mode);
            self.client.tell(generation, kind::CREATE, request)
        })
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let (generation, fid) = self.fid(directory)?;
        let mode = self.client.server.mode(mode);
        let request = |tag| message::make_directory(tag, fid, name, mode);
        Ok(self
            .client
            .tell(generation, kind::MAKE_DIRECTORY, request)?)
    }

    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        let (generation, fid) = self.fid(directory)?;
        let request = |tag| message::remove(tag, fid, name, 0);
        Ok(self.client.tell(generation, kind::REMOVE, request)?)
    }

    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        let (generation, fid) = self.fid(directory)?;
        let request = |tag| message::remove(tag, fid, name, REMOVE_DIRECTORY);
        Ok(self.client.tell(generation, kind::REMOVE, request)?)
    }

    fn list(
        &self,
        directory: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let known = self.fid(directory)?;
        listing::next(cookie, entries, |cookie, bytes, entries| {
            self.list_part(known, cookie, bytes, entries)
        })
    }

    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let (generation, fid) = self.fid(file)?;
        let (size, most) = (target.size(), self.client.server.session(generation)?.data);
        parts::each(size, most, offset, |offset, at, size| {
            Ok(self
                .client
                .read(generation, fid, offset, target, at, size)?)
        })
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let (generation, fid) = self.fid(file)?;
        let (size, most) = (source.size(), self.client.server.session(generation)?.data);
        parts::each(size, most, offset, |offset, at, size| {
            Ok(self
                .client
                .write(generation, fid, offset, source, at, size)?)
        })
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        self.client.server.append(self, file, source)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        let (generation, fid) = self.fid(file)?;
        let request = |tag| message::set_size(tag, fid, size);
        Ok(self
            .client
            .tell(generation, kind::SET_ATTRIBUTES, request)?)
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        let (generation, fid) = self.fid(file)?;
        let request = |tag| message::sync(tag, fid);
        Ok(self.client.tell(generation, kind::SYNC, request)?)
    }
}
