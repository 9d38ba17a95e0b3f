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

    /// A second number for a file.
    fn duplicate(&self, node: NodeId) -> Result<u32, Errno> {
        let old = fid(node)?;
        let walk = |new| {
            self.client
                .tell(kind::WALK, |tag| message::walk(tag, old, new, None))
        };
        self.client.new_fid(walk).map(|(new, ())| new)
    }

    /// A second number for a file, which `open` opens.
    fn opened(
        &self,
        node: NodeId,
        open: impl FnOnce(u32) -> Result<(), Errno>,
    ) -> Result<NodeId, Errno> {
        let new = self.duplicate(node)?;
        match open(new) {
            Ok(()) => Ok(NodeId(u64::from(new))),
            Err(errno) => {
                self.client.forget(new);
                Err(errno)
            }
        }
    }

    /// Asks for a part of a directory and gives it to `entries`; where the list
    /// goes on, if it does.
    fn list_part(
        &self,
        fid: u32,
        cookie: u64,
        bytes: &mut [u8],
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let room = bytes.len().saturating_sub(DATA_HEADER);
        let size = u32::try_from(room).map_err(|_| Errno::Invalid)?;
        let request = |tag| message::list(tag, fid, cookie, size);
        let read = |mut reply: Reply<'_>| {
            let size = reply.count(room)?;
            message::listed(reply.bytes(size)?).give_to(entries)
        };
        self.client.ask_into(kind::LIST, request, bytes, read)?
    }
}

fn fid(node: NodeId) -> Result<u32, Errno> {
    u32::try_from(node.0).map_err(|_| Errno::Invalid)
}

impl FileSystem for Volume {
    fn root(&self) -> Result<NodeId, Errno> {
        self.client.begin()?;
        // All share one, which is never forgotten: it saves two messages for
        // each path.
        Ok(NodeId(u64::from(ROOT)))
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        let directory = fid(directory)?;
        let walk = |new| {
            let request = |tag| message::walk(tag, directory, new, Some(name));
            self.client.ask(kind::WALK, request, message::walked)
        };
        let (new, Qid { kind, .. }) = self.client.new_fid(walk)?;
        let node = NodeId(u64::from(new));
        Ok(Lookup { node, kind })
    }

    fn release(&self, node: NodeId) {
        if let Ok(fid @ 1..) = fid(node) {
            self.client.forget(fid);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let fid = fid(node)?;
        let device = FIRST_DEVICE.saturating_add(self.client.server.number() as u64);
        let request = |tag| message::get_attributes(tag, fid);
        let read = |reply: Reply<'_>| message::metadata(reply, device);
        self.client.ask(kind::GET_ATTRIBUTES, request, read)
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        const AROUND: usize = message::HEADER + 2;
        let fid = fid(node)?;
        let mut bytes = zeros(target.len().saturating_add(AROUND))?;
        let request = |tag| message::read_link(tag, fid);
        let read = |mut reply: Reply<'_>| copy_text(message::read_text(&mut reply)?, target);
        self.client
            .ask_into(kind::READ_LINK, request, &mut bytes, read)
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        let flags = flags::of(access);
        self.opened(node, |fid| {
            self.client
                .tell(kind::OPEN, |tag| message::open(tag, fid, flags))
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
        self.opened(directory, |fid| {
            let request = |tag| message::create(tag, fid, name, flags, mode);
            self.client.tell(kind::CREATE, request)
        })
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let fid = fid(directory)?;
        let mode = self.client.server.mode(mode);
        let request = |tag| message::make_directory(tag, fid, name, mode);
        self.client.tell(kind::MAKE_DIRECTORY, request)
    }

    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        let fid = fid(directory)?;
        let request = |tag| message::remove(tag, fid, name, 0);
        self.client.tell(kind::REMOVE, request)
    }

    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        let fid = fid(directory)?;
        let request = |tag| message::remove(tag, fid, name, REMOVE_DIRECTORY);
        self.client.tell(kind::REMOVE, request)
    }

    fn list(
        &self,
        directory: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let fid = fid(directory)?;
        listing::next(cookie, entries, |cookie, bytes, entries| {
            self.list_part(fid, cookie, bytes, entries)
        })
    }

    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let fid = fid(file)?;
        let (size, most) = (target.size(), self.client.server.data()?);
        parts::each(size, most, offset, |offset, at, size| {
            self.client.read(fid, offset, target, at, size)
        })
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let fid = fid(file)?;
        let (size, most) = (source.size(), self.client.server.data()?);
        parts::each(size, most, offset, |offset, at, size| {
            self.client.write(fid, offset, source, at, size)
        })
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        self.client.server.append(self, file, source)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        let fid = fid(file)?;
        let request = |tag| message::set_size(tag, fid, size);
        self.client.tell(kind::SET_ATTRIBUTES, request)
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        let fid = fid(file)?;
        self.client.tell(kind::SYNC, |tag| message::sync(tag, fid))
    }
}
