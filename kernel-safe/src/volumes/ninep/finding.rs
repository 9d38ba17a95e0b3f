//! Finding files again that the server knew by their fids.
//!
//! A file keeps its fid: the new session gives it the same meaning.

use super::Volume;
use super::fids::ROOT;
use super::message::{self, Qid, kind};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::system::NodeId;
use crate::object::flags::Access;
use crate::volumes::flags;
use crate::volumes::line::Line;
use crate::volumes::recovery::{Identity, Origin};

impl<L: Line> Volume<L> {
    /// A file's fid, which the server knows in this generation of the cell.
    pub(super) fn known(&self, generation: u32, node: NodeId) -> Result<u32, Trouble> {
        let fid = u32::try_from(node.0).map_err(|_| Errno::Invalid)?;
        if fid != ROOT {
            let find = |origin: &Origin| self.find(generation, fid, origin);
            self.origins.ensure(node.0, generation, find)?;
        }
        Ok(fid)
    }

    /// Has the server know a fid again.
    fn find(&self, generation: u32, fid: u32, origin: &Origin) -> Result<(), Trouble> {
        let found = self.walk_and_open(generation, fid, origin);
        if found.is_err() {
            // It may know the fid as something on the way.
            // DEFENCE: half-found-forgotten
            self.client.forget(generation, fid);
        }
        found
    }

    fn walk_and_open(&self, generation: u32, fid: u32, origin: &Origin) -> Result<(), Trouble> {
        let mut found = None;
        for name in origin.names() {
            let from = found.map_or(ROOT, |_| fid);
            found = Some(self.walk(generation, from, fid, name)?);
        }
        match found {
            // DEFENCE: walked-the-same
            Some(found) => check(origin, found)?,
            None => self.walk_nowhere(generation, ROOT, fid)?,
        }
        match origin.access {
            Some(access) => check(origin, self.open_fid(generation, fid, access)?),
            None => Ok(()),
        }
    }

    /// Makes `new` the same as `old`.
    pub(super) fn walk_nowhere(
        &self,
        generation: u32,
        old: u32,
        new: u32,
    ) -> Result<(), Trouble> {
        let request = |tag| message::walk(tag, old, new, None);
        self.client.tell(generation, kind::WALK, request)
    }

    /// Makes `new` what a name leads to.
    pub(super) fn walk(
        &self,
        generation: u32,
        from: u32,
        new: u32,
        name: &[u8],
    ) -> Result<Qid, Trouble> {
        let request = |tag| message::walk(tag, from, new, Some(name));
        self.client
            .ask(generation, kind::WALK, request, message::walked)
    }

    pub(super) fn open_fid(
        &self,
        generation: u32,
        fid: u32,
        access: Access,
    ) -> Result<Qid, Trouble> {
        let request = |tag| message::open(tag, fid, flags::of(access));
        self.client
            .ask(generation, kind::OPEN, request, message::opened)
    }
}

/// Whether what was found is what the file was.
fn check(origin: &Origin, found: Qid) -> Result<(), Trouble> {
    match origin.is(identity(found)) {
        true => Ok(()),
        false => Err(Errno::Device.into()),
    }
}

/// 9P has no generations of inodes.
pub(super) const fn identity(Qid { kind, inode }: Qid) -> Identity {
    Identity {
        kind,
        inode,
        generation: 0,
    }
}
