//! Volumes by FUSE: folders of the host that a `virtiofsd` serves.
//!
//! Nothing is kept: each question goes to the server, whatever it says about
//! how long an answer holds, so the guest sees what the host changes. An append
//! is the size and then a write, as by 9P.
//!
//! A server begins anew with each session: it may or may not keep its nodes, and
//! which of its handles, so none of an earlier session is used. What it was doing
//! when its device was reset may be done although no reply came. So what does not
//! come to the same when it is done twice, as making and removing, is an error then;
//! reads and writes have an offset, and are done again.

pub mod client;
mod finding;
pub mod message;
pub mod nodes;

use self::client::{Client, Known};
use self::finding::{root, told};
use self::message::{HEADER, Subject, code};
use self::nodes::{File, Handle};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::system::{Appended, Entries, FileSystem, Lookup, Metadata, NodeId};
use crate::files::transfer::{Source, Target};
use crate::object::flags::Access;
use crate::volumes::bytes::{Reply, copy_text, zeros};
use crate::volumes::line::Line;
use crate::volumes::recovery::{self, Origin, Origins, Repeat};
use crate::volumes::server::{Server, Session};
use crate::volumes::{flags, listing, parts};

/// What the number of a volume is added to, as the number of its device.
const FIRST_DEVICE: u64 = 0xf000;

/// A request that comes to the same when it is done twice, and one that does not.
const AGAIN: Repeat = Repeat::Freely;
const ONCE: Repeat = Repeat::Never;

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
        recovery::steadily(AGAIN, || self.client.begin()).map(|session| session.data)
    }

    /// Asks something about a file, in a session in which the server knows it.
    fn ask_about<T>(
        &self,
        repeat: Repeat,
        node: NodeId,
        mut ask: impl FnMut(Session, File) -> Result<T, Trouble>,
    ) -> Result<T, Errno> {
        recovery::steadily(repeat, || {
            let session = self.client.begin()?;
            let generation = session.generation;
            let find = |origin: &Origin| self.find(generation, node, origin);
            self.origins.ensure(node.0, generation, find)?;
            let file = self.client.nodes.lock().get(node.0)?;
            ask(session, file)
        })
    }

    /// Asks something about an open file, by its node and handle.
    fn ask_open<T>(
        &self,
        node: NodeId,
        mut ask: impl FnMut(Session, (Known, u64)) -> Result<T, Trouble>,
    ) -> Result<T, Errno> {
        self.ask_about(AGAIN, node, |session, file| {
            let handle = file.handle.ok_or(Errno::BadDescriptor)?;
            ask(session, (file.node, handle.number))
        })
    }

    /// Notes a file and where it comes from. If there is no room for that, the
    /// server is told to forget it.
    fn note(&self, file: File, origin: Origin) -> Result<NodeId, Errno> {
        let added = self.client.nodes.lock().add(file);
        if added.is_err() {
            self.give_back(file);
        }
        let number = added?;
        let noted = self.origins.note(number, origin);
        if noted.is_err() {
            self.release(NodeId(number));
        }
        noted.map(|()| NodeId(number))
    }

    fn give_back(&self, file: File) {
        if let Some(handle) = file.handle {
            self.client.close(file.node, handle);
        }
        if file.told > 0 {
            self.client.forget(file.node, file.told);
        }
    }

    /// Removes a name from a directory. Servers want to have told of a name before
    /// they remove it.
    fn remove(&self, code: u32, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        let removal = self.origins.remove(directory.0, name)?;
        let removed = self.ask_about(ONCE, directory, |_, directory| {
            let found = self.look_up(directory.node, name);
            let (node, identity) = found.map_err(recovery::before)?;
            let request = |subject| message::named(subject, name);
            let removed = self.client.tell(code, directory.node, request);
            self.give_back(told(node, identity));
            removed
        });
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
        let room = bytes.len().saturating_sub(HEADER);
        let size = u32::try_from(room).map_err(|_| Errno::Invalid)?;
        self.ask_open(directory, |_, (node, handle)| {
            let request = |subject| message::read(subject, handle, cookie, size);
            let read = |reply: Reply<'_>| message::listed(reply).give_to(entries);
            self.client.ask_into(code::LIST, node, request, bytes, read)
        })?
    }
}

impl<L: Line> FileSystem for Volume<L> {
    fn root(&self) -> Result<NodeId, Errno> {
        let session = recovery::steadily(AGAIN, || self.client.begin())?;
        let generation = session.generation;
        self.note(root(generation), Origin::root(generation))
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        self.ask_about(AGAIN, directory, |session, file| {
            let origin = self.origins.child(directory.0, name)?;
            let (node, identity) = self.look_up(file.node, name)?;
            let origin = origin.found(session.generation, identity);
            let node = self.note(told(node, identity), origin)?;
            let kind = identity.kind;
            Ok(Lookup { node, kind })
        })
    }

    fn release(&self, node: NodeId) {
        self.origins.forget(node.0);
        let file = self.client.nodes.lock().take(node.0);
        if let Some(file) = file {
            self.give_back(file);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let device = FIRST_DEVICE.saturating_add(self.client.server.number() as u64);
        self.ask_about(AGAIN, node, |_, file| {
            let read = |reply: Reply<'_>| message::metadata(reply, device);
            let request = message::get_attributes;
            self.client
                .ask(code::GET_ATTRIBUTES, file.node, request, read)
        })
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        let mut bytes = zeros(target.len().saturating_add(HEADER))?;
        self.ask_about(AGAIN, node, |_, file| {
            let read = |mut reply: Reply<'_>| copy_text(reply.rest(), target);
            let request = message::request;
            self.client
                .ask_into(code::READ_LINK, file.node, request, &mut bytes, read)
        })
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        self.ask_about(AGAIN, node, |session, file| {
            let origin = self.origins.of(node.0)?;
            let handle = self.open_node(file, access)?;
            let file = File {
                told: 0,
                handle: Some(handle),
                ..file
            };
            Ok(self.note(file, origin.opened(session.generation, access))?)
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
        self.ask_about(ONCE, directory, |session, parent| {
            let origin = self.origins.child(directory.0, name)?;
            let request = |subject| message::create(subject, name, flags, mode);
            let read = |mut reply: Reply<'_>| {
                let (node, identity) = message::found(&mut reply)?;
                Ok((node, identity, message::opened(&mut reply)?))
            };
            let parent = parent.node;
            let (node, identity, number) =
                self.client.ask(code::CREATE, parent, request, read)?;
            let handle = Handle {
                number,
                is_directory: false,
            };
            let file = File {
                handle: Some(handle),
                is_directory: false,
                ..told(Known { node, ..parent }, identity)
            };
            let origin = origin.found(session.generation, identity);
            Ok(self.note(file, origin.opened(session.generation, access))?)
        })
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let mode = self.client.server.mode(mode);
        self.ask_about(ONCE, directory, |_, parent| {
            let request = |subject| message::make_directory(subject, name, mode);
            let read = |mut reply: Reply<'_>| message::found(&mut reply);
            let parent = parent.node;
            let (node, _) = self
                .client
                .ask(code::MAKE_DIRECTORY, parent, request, read)?;
            self.client.forget(Known { node, ..parent }, 1);
            Ok(())
        })
    }

    fn remove_file(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(code::REMOVE_FILE, directory, name)
    }

    fn remove_directory(&self, directory: NodeId, name: &[u8]) -> Result<(), Errno> {
        self.remove(code::REMOVE_DIRECTORY, directory, name)
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
            self.ask_open(file, |session, file| {
                let size = size.min(session.data);
                self.client.read(file, offset, target, at, size)
            })
        })
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let (size, most) = (source.size(), self.data()?);
        parts::each(size, most, offset, |offset, at, size| {
            self.ask_open(file, |session, file| {
                let size = size.min(session.data);
                self.client.write(file, offset, source, at, size)
            })
        })
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        self.client.server.append(self, file, source)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        self.ask_open(file, |_, (node, handle)| {
            let request = |subject: Subject| message::set_size(subject, handle, size);
            self.client.tell(code::SET_ATTRIBUTES, node, request)
        })
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        self.ask_about(AGAIN, file, |_, file| {
            let handle = file.handle.ok_or(Errno::BadDescriptor)?;
            let code = match file.is_directory {
                true => code::SYNC_DIRECTORY,
                false => code::SYNC,
            };
            let request = |subject| message::sync(subject, handle.number);
            self.client.tell(code, file.node, request)
        })
    }
}
