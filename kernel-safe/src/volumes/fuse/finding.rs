//! Finding files again that the server knew by its nodes.
//!
//! A file keeps its number here, and gets another node and handle.

use super::Volume;
use super::client::Known;
use super::message::{self, ROOT, code};
use super::nodes::{File, Handle};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::system::{Kind, NodeId};
use crate::object::flags::Access;
use crate::volumes::bytes::Reply;
use crate::volumes::flags;
use crate::volumes::line::Line;
use crate::volumes::recovery::{Identity, Origin};

impl<L: Line> Volume<L> {
    /// Has the server tell of a file again.
    pub(super) fn find(
        &self,
        generation: u32,
        node: NodeId,
        origin: &Origin,
    ) -> Result<(), Trouble> {
        let mut file = root(generation);
        let mut found = None;
        for name in origin.names() {
            let next = self.look_up(file.node, name);
            self.give_back(file);
            let (node, identity) = next?;
            found = Some(identity);
            file = told(node, identity);
        }
        let opened = check(origin, found).and_then(|()| self.open_found(&mut file, origin));
        match opened {
            Ok(()) => self.client.nodes.lock().replace(node.0, file),
            Err(_) => self.give_back(file),
        }
        opened
    }

    /// Opens a file that was found again, if it was open.
    fn open_found(&self, file: &mut File, origin: &Origin) -> Result<(), Trouble> {
        if let Some(access) = origin.access {
            file.handle = Some(self.open_node(*file, access)?);
        }
        Ok(())
    }

    /// What a name leads to in a directory.
    pub(super) fn look_up(
        &self,
        directory: Known,
        name: &[u8],
    ) -> Result<(Known, Identity), Trouble> {
        let request = |subject| message::named(subject, name);
        let read = |mut reply: Reply<'_>| message::found(&mut reply);
        match self.client.ask(code::LOOKUP, directory, request, read)? {
            (0, _) => Err(Errno::NotFound.into()),
            (node, identity) => Ok((Known { node, ..directory }, identity)),
        }
    }

    /// Opens a file or a directory that the server knows.
    pub(super) fn open_node(&self, file: File, access: Access) -> Result<Handle, Trouble> {
        let is_directory = file.is_directory;
        let code = match is_directory {
            true => code::OPEN_DIRECTORY,
            false => code::OPEN,
        };
        let request = |subject| message::open(subject, flags::of(access));
        let read = |mut reply: Reply<'_>| message::opened(&mut reply);
        let number = self.client.ask(code, file.node, request, read)?;
        Ok(Handle {
            number,
            is_directory,
        })
    }
}

/// The root, which is never forgotten.
pub(super) const fn root(generation: u32) -> File {
    File {
        node: Known {
            generation,
            node: ROOT,
        },
        told: 0,
        is_directory: true,
        handle: None,
    }
}

/// A file that the server has told of.
pub(super) fn told(node: Known, identity: Identity) -> File {
    File {
        node,
        told: 1,
        is_directory: identity.kind == Kind::Directory,
        handle: None,
    }
}

/// Whether what was found is what the file was. The root is what it is.
fn check(origin: &Origin, found: Option<Identity>) -> Result<(), Trouble> {
    match found.is_none_or(|found| origin.is(found)) {
        true => Ok(()),
        false => Err(Errno::Device.into()),
    }
}
