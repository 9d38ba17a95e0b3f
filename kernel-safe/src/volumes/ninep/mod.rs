//! Volumes by 9P: folders of the host that QEMU serves itself.
//!
//! Each file that the kernel knows is a fid of the server. Names go one at a
//! time and never hold a slash, and the server follows no link: a path cannot
//! lead out of the folder. An append is the size and then a write: one at a
//! time for the guest, but the host may append in between.
//!
//! Who serves is QEMU. Its reset of the device lets what is under way come to its
//! end first, and each reply stands in its window by then; what it did not begin it
//! drops. So a request without a reply was not done, and is sent again whatever it
//! asks for. One whose reply means nothing was done, or not: what makes or removes a
//! name is not sent again then.
//!
//! Fids keep their numbers over sessions, and numbers of files are those of fids.

pub mod client;
pub mod fids;
mod finding;
pub mod message;

use self::client::Client;
use self::fids::ROOT;
use self::finding::identity;
use self::message::{DATA_HEADER, Qid, REMOVE_DIRECTORY, kind};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::system::{Appended, Entries, FileSystem, Lookup, Metadata, NodeId};
use crate::files::transfer::{Source, Target};
use crate::object::flags::Access;
use crate::volumes::bytes::{Reply, Request, copy_text, zeros};
use crate::volumes::line::Line;
use crate::volumes::recovery::{self, Origin, Origins, Repeat};
use crate::volumes::server::{Server, Session};
use crate::volumes::{flags, listing, parts};

/// What the number of a volume is added to, as the number of its device.
const FIRST_DEVICE: u64 = 0x9000;

/// A volume.
#[derive(Debug)]
pub struct Volume<L> {
    client: Client<L>,
    origins: Origins,
}

impl<L> Volume<L> {
    /// The volume behind a line.
    pub const fn new(line: L) -> Volume<L> {
        Volume {
            client: Client::new(line),
            origins: Origins::new(),
        }
    }

    /// The server behind it.
    pub const fn server(&self) -> &Server<L> {
        &self.client.server
    }
}

impl<L: Line> Volume<L> {
    /// Bytes of data in a message.
    fn data(&self) -> Result<usize, Errno> {
        recovery::steadily(Repeat::Freely, || self.client.begin()).map(|session| session.data)
    }

    /// Asks something about a file, in a session in which the server knows it.
    fn ask_about<T>(
        &self,
        repeat: Repeat,
        node: NodeId,
        mut ask: impl FnMut(Session, u32) -> Result<T, Trouble>,
    ) -> Result<T, Errno> {
        recovery::steadily(repeat, || {
            let session = self.client.begin()?;
            let fid = self.known(session.generation, node)?;
            ask(session, fid)
        })
    }

    /// Tells the server what to do with a file.
    fn tell_about(
        &self,
        repeat: Repeat,
        node: NodeId,
        kind: u8,
        request: impl Fn(u16, u32) -> Request,
    ) -> Result<(), Errno> {
        self.ask_about(repeat, node, |session, fid| {
            let request = |tag| request(tag, fid);
            self.client.tell(session.generation, kind, request)
        })
    }

    /// A second number for a file, which `open` opens.
    fn opened(
        &self,
        generation: u32,
        old: u32,
        open: impl FnOnce(u32) -> Result<Qid, Trouble>,
    ) -> Result<(u32, Qid), Trouble> {
        let walk = |new| self.walk_nowhere(generation, old, new);
        let (new, ()) = self.client.new_fid(walk).map_err(recovery::before)?;
        let opened = open(new);
        if opened.is_err() {
            self.client.give_back(generation, new);
        }
        opened.map(|qid| (new, qid))
    }

    /// Notes where the file with a new fid comes from. If there is no room for that,
    /// the server is told to forget it.
    fn note(&self, fid: u32, origin: Origin) -> Result<NodeId, Trouble> {
        let (number, generation) = (u64::from(fid), origin.generation);
        let noted = self.origins.note(number, origin);
        if noted.is_err() {
            self.client.give_back(generation, fid);
        }
        noted?;
        Ok(NodeId(number))
    }

    /// Removes a name from a directory.
    fn remove(&self, directory: NodeId, name: &[u8], flags: u32) -> Result<(), Errno> {
        let removal = self.origins.remove(directory.0, name)?;
        let request = |tag, fid| message::remove(tag, fid, name, flags);
        let removed = self.tell_about(Repeat::Undone, directory, kind::REMOVE, request);
        self.origins.judge(removal, removed)
    }

    /// Asks for a part of a directory and gives it to `entries`; where the list
    /// goes on, if it does.
    fn list_part(
        &self,
        directory: NodeId,
        cookie: u64,
        bytes: &mut [u8],
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let room = bytes.len().saturating_sub(DATA_HEADER);
        let size = u32::try_from(room).map_err(|_| Errno::Invalid)?;
        self.ask_about(Repeat::Freely, directory, |session, fid| {
            let request = |tag| message::list(tag, fid, cookie, size);
            let read = |mut reply: Reply<'_>| {
                let size = reply.count(room)?;
                message::listed(reply.bytes(size)?).give_to(entries)
            };
            self.client
                .ask_into(session.generation, kind::LIST, request, bytes, read)
        })?
    }
}

impl<L: Line> FileSystem for Volume<L> {
    fn root(&self) -> Result<NodeId, Errno> {
        recovery::steadily(Repeat::Freely, || self.client.begin())?;
        // All share one, which is never forgotten: it saves two messages for
        // each path. Each session begins by telling the server of it.
        let number = u64::from(ROOT);
        self.origins.note(number, Origin::root(0))?;
        Ok(NodeId(number))
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        self.ask_about(Repeat::Freely, directory, |session, directory| {
            let origin = self.origins.child(u64::from(directory), name)?;
            let generation = session.generation;
            let walk = |new| self.walk(generation, directory, new, name);
            let (new, qid) = self.client.new_fid(walk)?;
            let origin = origin.found(generation, identity(qid));
            let (node, kind) = (self.note(new, origin)?, qid.kind);
            Ok(Lookup { node, kind })
        })
    }

    fn release(&self, node: NodeId) {
        if let Ok(fid @ 1..) = u32::try_from(node.0)
            && let Some(origin) = self.origins.forget(node.0)
        {
            self.client.give_back(origin.generation, fid);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let device = FIRST_DEVICE.saturating_add(self.client.server.number() as u64);
        self.ask_about(Repeat::Freely, node, |session, fid| {
            let request = |tag| message::get_attributes(tag, fid);
            let read = |reply: Reply<'_>| message::metadata(reply, device);
            self.client
                .ask(session.generation, kind::GET_ATTRIBUTES, request, read)
        })
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        const AROUND: usize = message::HEADER + 2;
        let mut bytes = zeros(target.len().saturating_add(AROUND))?;
        self.ask_about(Repeat::Freely, node, |session, fid| {
            let request = |tag| message::read_link(tag, fid);
            let read =
                |mut reply: Reply<'_>| copy_text(message::read_text(&mut reply)?, target);
            let generation = session.generation;
            self.client
                .ask_into(generation, kind::READ_LINK, request, &mut bytes, read)
        })
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        self.ask_about(Repeat::Freely, node, |session, fid| {
            let origin = self.origins.of(node.0)?;
            let generation = session.generation;
            let open = |new| self.open_fid(generation, new, access);
            let (new, qid) = self.opened(generation, fid, open)?;
            let origin = origin.found(generation, identity(qid));
            self.note(new, origin.opened(generation, access))
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
        self.ask_about(Repeat::Undone, directory, |session, directory| {
            let origin = self.origins.child(u64::from(directory), name)?;
            let generation = session.generation;
            let create = |fid| {
                let request = |tag| message::create(tag, fid, name, flags, mode);
                self.client
                    .ask(generation, kind::CREATE, request, message::opened)
            };
            let (new, qid) = self.opened(generation, directory, create)?;
            let origin = origin.found(generation, identity(qid));
            self.note(new, origin.opened(generation, access))
        })
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let mode = self.client.server.mode(mode);
        let request = |tag, fid| message::make_directory(tag, fid, name, mode);
        self.tell_about(Repeat::Undone, directory, kind::MAKE_DIRECTORY, request)
    }

    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(directory, name, 0)
    }

    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(directory, name, REMOVE_DIRECTORY)
    }

    fn list(
        &self,
        directory: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        listing::next(cookie, entries, |cookie, bytes, entries| {
            self.list_part(directory, cookie, bytes, entries)
        })
    }

    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let (size, most) = (target.size(), self.data()?);
        parts::each(size, most, offset, |offset, at, size| {
            self.ask_about(Repeat::Freely, file, |session, fid| {
                let size = size.min(session.data);
                self.client
                    .read(session.generation, fid, offset, target, at, size)
            })
        })
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let (size, most) = (source.size(), self.data()?);
        parts::each(size, most, offset, |offset, at, size| {
            self.ask_about(Repeat::Freely, file, |session, fid| {
                let size = size.min(session.data);
                self.client
                    .write(session.generation, fid, offset, source, at, size)
            })
        })
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        self.client.server.append(self, file, source)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        let request = |tag, fid| message::set_size(tag, fid, size);
        self.tell_about(Repeat::Freely, file, kind::SET_ATTRIBUTES, request)
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        self.tell_about(Repeat::Freely, file, kind::SYNC, message::sync)
    }
}
