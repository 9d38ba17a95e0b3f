//! An open file: what descriptors do with it.

use domains::files::Status;
use gate::user::UserSlice;

use super::course::Course;
use super::records::Records;
use super::system::{Entries, FileSystem, Kind, Metadata, NodeId};
use super::transfer::{Buffers, Source};
use crate::errno::{Answer, Errno, count};
use crate::events;
use crate::object::{Description, Object, flags, poll_bits};

/// Values of `whence` in a seek, as Hermit's ABI numbers them.
mod whence {
    pub(super) const START: i32 = 0;
    pub(super) const CURRENT: i32 = 1;
    pub(super) const END: i32 = 2;
}

/// An open file, directory or device.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Where it is.
    pub system: &'static dyn FileSystem,
    /// Its number there, from an open.
    pub node: NodeId,
    /// What it is.
    pub kind: Kind,
}

impl File {
    /// What is known of it.
    ///
    /// # Errors
    ///
    /// Its file system cannot be reached.
    pub fn metadata(&self) -> Result<Metadata, Errno> {
        self.system.metadata(self.node)
    }

    /// Lists portion after portion from `cookie` on, and lets others run in
    /// between.
    pub(super) fn list_to(&self, cookie: u64, entries: &mut dyn Entries) -> Result<(), Errno> {
        let mut course = Course::new(cookie);
        let mut cookie = cookie;
        while let Some(next) = self.system.list(self.node, cookie, entries)? {
            // DEFENCE: listing-course
            course.go_on(next)?;
            cookie = next;
            events::let_others_run();
        }
        Ok(())
    }
}

impl Object for File {
    /// Waits until what was written is safe.
    ///
    /// # Errors
    ///
    /// It is not, or it is a device.
    fn sync(&self) -> Result<(), Errno> {
        if self.is_device() {
            return Err(Errno::Invalid);
        }
        self.system.sync(self.node)
    }

    /// Reads on from the position of the description; how many bytes.
    ///
    /// # Errors
    ///
    /// It is a directory, or nothing could be read.
    fn read(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        let mut target = Buffers(buffers);
        match self.kind {
            Kind::Directory => return Err(Errno::IsDirectory),
            _ if Source::size(&target) == 0 => return Ok(0),
            Kind::Device => return count(self.system.read(self.node, 0, &mut target)?),
            _ => check(buffers)?,
        }
        let mut position = description.hold_position()?;
        let read = self.system.read(self.node, position.get(), &mut target)?;
        position.set(position.get().saturating_add(read as u64));
        count(read)
    }

    /// Writes at the position of the description, or at the end if it appends; how many
    /// bytes.
    ///
    /// # Errors
    ///
    /// Nothing could be written.
    fn write(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        let source = Buffers(buffers);
        if Source::size(&source) == 0 {
            return Ok(0);
        }
        check(buffers)?;
        if self.is_device() {
            return count(self.system.write(self.node, 0, &source)?);
        }
        let mut position = description.hold_position()?;
        if description.flags() & flags::APPEND != 0 {
            let appended = self.system.append(self.node, &source)?;
            position.set(appended.end);
            return count(appended.written);
        }
        let written = self.system.write(self.node, position.get(), &source)?;
        position.set(position.get().saturating_add(written as u64));
        count(written)
    }

    /// Moves the position of the description; where it is then.
    ///
    /// # Errors
    ///
    /// It cannot be there.
    fn seek(&self, description: &Description, offset: i64, whence: i32) -> Answer {
        if self.is_device() {
            return Ok(0);
        }
        let mut position = description.hold_position()?;
        let base = match whence {
            whence::START => 0,
            whence::CURRENT => position.get(),
            whence::END if self.kind == Kind::File => self.metadata()?.size,
            _ => return Err(Errno::Invalid),
        };
        let new = moved(base, offset)?;
        position.set(new);
        i64::try_from(new).map_err(|_| Errno::Overflow)
    }

    /// Writes the entries of a directory that are next to `target`.
    ///
    /// # Errors
    ///
    /// It is no directory, or they do not fit.
    fn list(&self, description: &Description, target: UserSlice) -> Answer {
        if self.kind != Kind::Directory {
            return Err(Errno::NotDirectory);
        }
        let mut position = description.hold_position()?;
        let cookie = position.get();
        let mut records = Records::new(target, cookie);
        self.list_to(cookie, &mut records)?;
        position.set(records.next());
        count(records.filled())
    }

    /// A file neither waits to be read nor to be written.
    fn events(&self) -> u32 {
        poll_bits::INPUT | poll_bits::OUTPUT
    }

    fn is_device(&self) -> bool {
        self.kind == Kind::Device
    }

    fn status(&self) -> Result<Status, Errno> {
        Ok(Status::from(&self.metadata()?))
    }

    /// Lets its file system forget that it is open.
    fn close(&self) {
        self.system.release(self.node);
    }
}

/// Refuses a request of which a buffer is not the application's at all.
fn check(buffers: &[UserSlice]) -> Result<(), Errno> {
    Ok(buffers.iter().try_for_each(UserSlice::check)?)
}

/// The position `offset` away from `base`.
fn moved(base: u64, offset: i64) -> Result<u64, Errno> {
    let base = i64::try_from(base).map_err(|_| Errno::Overflow)?;
    let moved = base.checked_add(offset).ok_or(Errno::Overflow)?;
    u64::try_from(moved).map_err(|_| Errno::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_neither_negative_nor_beyond_all_bounds() {
        assert_eq!(moved(5, -5), Ok(0));
        assert_eq!(moved(5, -6), Err(Errno::Invalid));
        assert_eq!(moved(5, i64::MAX), Err(Errno::Overflow));
        assert_eq!(moved(u64::MAX, -1), Err(Errno::Overflow));
        assert_eq!(moved(0, i64::MAX), Ok(i64::MAX as u64));
    }
}
