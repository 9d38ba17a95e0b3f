//! What a descriptor can be open to: an object.
//!
//! Each kind of object is a module with an [`Object`] in it, and a row where
//! descriptors know all kinds. What a kind does not say is refused.

pub mod flags;
pub mod source;
pub mod status;

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use domains::files::Status;
use gate::user::UserSlice;

use self::source::Source;
use crate::errno::{Answer, Errno};
use crate::wait::turn::{Taken, Turn};

/// Bits of poll, as Hermit's ABI numbers them.
pub mod poll_bits {
    /// There is something to read.
    pub const INPUT: u32 = 0x01 | 0x40;
    /// There is room to write.
    pub const OUTPUT: u32 = 0x04 | 0x100;
    /// Something has failed.
    pub const ERROR: u32 = 0x08;
    /// The other side is gone.
    pub const HANG_UP: u32 = 0x10;
    /// The descriptor is not open.
    pub const NOT_OPEN: u32 = 0x20;
}

/// The flags that can be changed while something is open.
const CHANGEABLE: u32 = flags::APPEND | flags::NONBLOCK;

/// What can be done with something open.
pub trait Object {
    /// Reads to buffers of the application, which may; how many bytes, zero at
    /// the end.
    ///
    /// # Errors
    ///
    /// Nothing could be read.
    fn read(&self, description: &Description, buffers: &[UserSlice]) -> Answer;

    /// Writes from buffers of the application, which may; how many bytes.
    ///
    /// # Errors
    ///
    /// Nothing could be written.
    fn write(&self, description: &Description, buffers: &[UserSlice]) -> Answer;

    /// The events that it has at the moment.
    fn events(&self) -> u32;

    /// What is woken when the events change; none if they do not.
    fn source(&self) -> Option<Source> {
        None
    }

    /// Whether it is a character device.
    fn is_device(&self) -> bool {
        false
    }

    /// What is known of it.
    ///
    /// # Errors
    ///
    /// It cannot be reached.
    fn status(&self) -> Result<Status, Errno> {
        Ok(status::of_device())
    }

    /// Moves the position; where it is then.
    ///
    /// # Errors
    ///
    /// It has none, or it cannot be there.
    fn seek(&self, _: &Description, _offset: i64, _whence: i32) -> Answer {
        Err(Errno::NoSeek)
    }

    /// Writes the entries of a directory that are next to `target`; how many
    /// bytes.
    ///
    /// # Errors
    ///
    /// It is no directory, or the entries do not fit.
    fn list(&self, _: &Description, _target: UserSlice) -> Answer {
        Err(Errno::NotDirectory)
    }

    /// Waits until what was written is safe.
    ///
    /// # Errors
    ///
    /// It is not, or there is nothing to wait for.
    fn sync(&self) -> Result<(), Errno> {
        Err(Errno::Invalid)
    }

    /// Ends it: nobody uses it any more.
    fn close(&self) {}
}

/// What descriptors share that were duplicated from one, as POSIX says: flags and
/// a position.
#[derive(Debug)]
pub struct Description {
    flags: AtomicU32,
    position: AtomicU64,
    turn: Turn,
}

/// A position, in one caller's hands.
#[derive(Debug)]
pub struct Position<'a> {
    position: &'a AtomicU64,
    _taken: Taken<'a>,
}

impl Description {
    /// At the start of nothing.
    pub const fn new() -> Description {
        Description {
            flags: AtomicU32::new(0),
            position: AtomicU64::new(0),
            turn: Turn::new(),
        }
    }

    /// Begins anew, with these flags.
    pub fn begin(&self, flags: u32) {
        self.flags.store(flags, Ordering::Relaxed);
        self.position.store(0, Ordering::Relaxed);
    }

    /// The flags that it was opened with, as they are now.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Whether a request waits that cannot be met at once.
    pub fn waits(&self) -> bool {
        self.flags() & flags::NONBLOCK == 0
    }

    /// Sets those flags that can be changed.
    pub fn set_flags(&self, flags: u32) {
        let change = |old: u32| Some((old & !CHANGEABLE) | (flags & CHANGEABLE));
        let changed = self
            .flags
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        debug_assert!(changed.is_ok(), "the change is always made");
    }

    /// Keeps others from moving the position.
    ///
    /// # Errors
    ///
    /// Memory to wait for it is short.
    pub fn hold_position(&self) -> Result<Position<'_>, Errno> {
        Ok(Position {
            position: &self.position,
            _taken: self.turn.take()?,
        })
    }
}

impl Default for Description {
    fn default() -> Self {
        Description::new()
    }
}

impl Position<'_> {
    /// Where it is.
    pub fn get(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Moves it.
    pub fn set(&mut self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_for_one_thing_does_not_become_open_for_another() {
        for access in [flags::READ_ONLY, flags::WRITE_ONLY, flags::READ_WRITE] {
            let description = Description::new();
            description.begin(access);
            description.set_flags(u32::MAX);
            assert_eq!(description.flags(), access | CHANGEABLE);
            assert!(!description.waits());
            description.set_flags(flags::READ_WRITE | flags::APPEND);
            assert_eq!(description.flags(), access | flags::APPEND);
            description.set_flags(0);
            assert_eq!(description.flags(), access);
            assert!(description.waits());
        }
    }

    #[test]
    fn a_description_keeps_nothing_of_the_one_before() {
        let description = Description::new();
        description.begin(flags::READ_WRITE | flags::APPEND);
        let hold = || description.hold_position().expect("nobody has it");
        hold().set(99);
        description.begin(flags::READ_ONLY);
        assert_eq!(description.flags(), flags::READ_ONLY);
        assert_eq!(hold().get(), 0);
    }
}
