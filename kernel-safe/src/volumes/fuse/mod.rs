//! Volumes by FUSE: folders of the host that a `virtiofsd` serves.
//!
//! Nothing is kept: each question goes to the server, whatever it says about
//! how long an answer holds, so the guest sees what the host changes. An append
//! is the size and then a write, as by 9P.

pub mod client;
pub mod message;
pub mod nodes;

use self::client::{Client, Known};
use self::message::{HEADER, ROOT, Subject, code};
use self::nodes::{File, Handle};
use crate::errno::Errno;
use crate::files::system::{Appended, Entries, FileSystem, Kind, Lookup, Metadata, NodeId};
use crate::files::transfer::{Source, Target};
use crate::object::flags::Access;
use crate::volumes::bytes::{Reply, copy_text, zeros};
use crate::volumes::server::Server;
use crate::volumes::{flags, listing, parts};

/// What the number of a volume is added to, as the number of its device.
const FIRST_DEVICE: u64 = 0xf000;

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

    /// A file that the server knows.
    ///
    /// # Errors
    ///
    /// It is of another session than the last: the server has forgotten it.
    fn file(&self, node: NodeId) -> Result<File, Errno> {
        let file = self.client.nodes.lock().get(node.0)?;
        self.client.server.session(file.node.generation)?;
        Ok(file)
    }

    /// An open file's node and handle.
    fn open_file(&self, node: NodeId) -> Result<(Known, u64), Errno> {
        let file = self.file(node)?;
        let handle = file.handle.ok_or(Errno::BadDescriptor)?;
        Ok((file.node, handle.number))
    }

    /// Notes a file. If there is no room for that, the server is told to forget
    /// it.
    fn note(&self, file: File) -> Result<NodeId, Errno> {
        let added = self.client.nodes.lock().add(file);
        if added.is_err() {
            self.give_back(file);
        }
        added.map(NodeId)
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
        let found = self.lookup(directory, name)?;
        let node = self.file(directory)?.node;
        let request = |subject| message::named(subject, name);
        let removed = self.client.tell(code, node, request);
        self.release(found.node);
        Ok(removed?)
    }

    /// Asks for a part of a directory and gives it to `entries`; where the list
    /// goes on, if it does.
    fn list_part(
        &self,
        directory: (Known, u64),
        cookie: u64,
        bytes: &mut [u8],
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let (node, handle) = directory;
        let room = bytes.len().saturating_sub(HEADER);
        let size = u32::try_from(room).map_err(|_| Errno::Invalid)?;
        let request = |subject| message::read(subject, handle, cookie, size);
        let read = |reply: Reply<'_>| message::listed(reply).give_to(entries);
        self.client
            .ask_into(code::LIST, node, request, bytes, read)?
    }
}

impl FileSystem for Volume {
    fn root(&self) -> Result<NodeId, Errno> {
        let generation = self.client.begin()?.generation;
        let node = Known {
            generation,
            node: ROOT,
        };
        // The root is never forgotten.
        self.note(File {
            node,
            told: 0,
            is_directory: true,
            handle: None,
        })
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Lookup, Errno> {
        let parent = self.file(directory)?.node;
        let request = |subject| message::named(subject, name);
        let read = |mut reply: Reply<'_>| message::found(&mut reply);
        let (node, kind) = self.client.ask(code::LOOKUP, parent, request, read)?;
        if node == 0 {
            return Err(Errno::NotFound);
        }
        let node = Known { node, ..parent };
        let node = self.note(File {
            node,
            told: 1,
            is_directory: kind == Kind::Directory,
            handle: None,
        })?;
        Ok(Lookup { node, kind })
    }

    fn release(&self, node: NodeId) {
        let file = self.client.nodes.lock().take(node.0);
        if let Some(file) = file {
            self.give_back(file);
        }
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata, Errno> {
        let node = self.file(node)?.node;
        let device = FIRST_DEVICE.saturating_add(self.client.server.number() as u64);
        let read = |reply: Reply<'_>| message::metadata(reply, device);
        let request = message::get_attributes;
        Ok(self.client.ask(code::GET_ATTRIBUTES, node, request, read)?)
    }

    fn read_link(&self, node: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        let node = self.file(node)?.node;
        let mut bytes = zeros(target.len().saturating_add(HEADER))?;
        let read = |mut reply: Reply<'_>| copy_text(reply.rest(), target);
        let request = message::request;
        Ok(self
            .client
            .ask_into(code::READ_LINK, node, request, &mut bytes, read)?)
    }

    fn open(&self, node: NodeId, access: Access) -> Result<NodeId, Errno> {
        let File {
            node, is_directory, ..
        } = self.file(node)?;
        let code = match is_directory {
            true => code::OPEN_DIRECTORY,
            false => code::OPEN,
        };
        let request = |subject| message::open(subject, flags::of(access));
        let read = |mut reply: Reply<'_>| message::opened(&mut reply);
        let number = self.client.ask(code, node, request, read)?;
        let handle = Handle {
            number,
            is_directory,
        };
        self.note(File {
            node,
            told: 0,
            is_directory,
            handle: Some(handle),
        })
    }

    fn create(
        &self,
        directory: NodeId,
        name: &[u8],
        mode: u32,
        access: Access,
    ) -> Result<NodeId, Errno> {
        let parent = self.file(directory)?.node;
        let flags = flags::of(access) | flags::CREATE | flags::EXCLUSIVE;
        let mode = self.client.server.mode(mode);
        let request = |subject| message::create(subject, name, flags, mode);
        let read = |mut reply: Reply<'_>| {
            let (node, _) = message::found(&mut reply)?;
            Ok((node, message::opened(&mut reply)?))
        };
        let (node, number) = self.client.ask(code::CREATE, parent, request, read)?;
        let node = Known { node, ..parent };
        let handle = Handle {
            number,
            is_directory: false,
        };
        self.note(File {
            node,
            told: 1,
            is_directory: false,
            handle: Some(handle),
        })
    }

    fn make_directory(&self, directory: NodeId, name: &[u8], mode: u32) -> Result<(), Errno> {
        let node = self.file(directory)?.node;
        let mode = self.client.server.mode(mode);
        let request = |subject| message::make_directory(subject, name, mode);
        let read = |mut reply: Reply<'_>| message::found(&mut reply);
        let made = self.client.ask(code::MAKE_DIRECTORY, node, request, read)?;
        let made = Known {
            node: made.0,
            ..node
        };
        self.client.forget(made, 1);
        Ok(())
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
        let directory = self.open_file(directory)?;
        listing::next(cookie, entries, |cookie, bytes, entries| {
            self.list_part(directory, cookie, bytes, entries)
        })
    }

    fn read(&self, file: NodeId, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let file = self.open_file(file)?;
        let (size, most) = (
            target.size(),
            self.client.server.session(file.0.generation)?.data,
        );
        parts::each(size, most, offset, |offset, at, size| {
            Ok(self.client.read(file, offset, target, at, size)?)
        })
    }

    fn write(&self, file: NodeId, offset: u64, source: &dyn Source) -> Result<usize, Errno> {
        let file = self.open_file(file)?;
        let (size, most) = (
            source.size(),
            self.client.server.session(file.0.generation)?.data,
        );
        parts::each(size, most, offset, |offset, at, size| {
            Ok(self.client.write(file, offset, source, at, size)?)
        })
    }

    fn append(&self, file: NodeId, source: &dyn Source) -> Result<Appended, Errno> {
        self.client.server.append(self, file, source)
    }

    fn set_size(&self, file: NodeId, size: u64) -> Result<(), Errno> {
        let (node, handle) = self.open_file(file)?;
        let request = |subject: Subject| message::set_size(subject, handle, size);
        Ok(self.client.tell(code::SET_ATTRIBUTES, node, request)?)
    }

    fn sync(&self, file: NodeId) -> Result<(), Errno> {
        let (node, handle) = self.open_file(file)?;
        let code = match self.file(file)?.is_directory {
            true => code::SYNC_DIRECTORY,
            false => code::SYNC,
        };
        let request = |subject| message::sync(subject, handle);
        Ok(self.client.tell(code, node, request)?)
    }
}
