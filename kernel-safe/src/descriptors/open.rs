//! What is open: shared by all descriptors that were duplicated from one.
//!
//! Position and flags belong to it, as POSIX says. The last descriptor that
//! goes closes it, and so does the last call that still uses it, whichever is
//! later: nobody's file is closed under his hands.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use spin::Mutex;

use super::turn::{Taken, Turn};
use crate::counter::Counter;
use crate::errno::Errno;
use crate::files::file::File;
use crate::pool::Pool;

static POOL: Mutex<Pool<Description>> = Mutex::new(Pool::new());

/// What a description is open to, besides the standard streams.
#[derive(Clone, Copy, Debug)]
pub enum Object {
    /// A file, a directory, or a device.
    File(File),
    /// An event counter.
    Counter(Counter),
}

impl Object {
    fn close(self) {
        match self {
            Object::File(file) => file.close(),
            Object::Counter(counter) => counter.close(),
        }
    }
}

/// A slot for something open.
#[derive(Debug)]
pub struct Description {
    number: u32,
    owners: AtomicU32,
    flags: AtomicU32,
    position: AtomicU64,
    turn: Turn,
    object: Mutex<Option<Object>>,
}

/// A share in something open.
#[derive(Debug)]
pub struct Open(&'static Description);

impl Open {
    /// Opens `object`, which is closed if that fails.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn new(object: Object, flags: u32) -> Result<Open, Errno> {
        let taken = POOL.lock().take(Description::new);
        let description = taken.inspect_err(|_| object.close())?;
        description.owners.store(1, Ordering::Relaxed);
        description.flags.store(flags, Ordering::Relaxed);
        description.position.store(0, Ordering::Relaxed);
        *description.object.lock() = Some(object);
        Ok(Open(description))
    }

    /// What it is open to.
    ///
    /// # Errors
    ///
    /// None while it is open.
    pub fn object(&self) -> Result<Object, Errno> {
        self.0.object.lock().ok_or(Errno::BadDescriptor)
    }

    /// The flags that it was opened with, as they are now.
    pub fn flags(&self) -> u32 {
        self.0.flags.load(Ordering::Relaxed)
    }

    /// Changes the flags of `mask` to those of `flags`.
    pub fn set_flags(&self, mask: u32, flags: u32) {
        let change = |old: u32| Some((old & !mask) | (flags & mask));
        let changed = self
            .0
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
            position: &self.0.position,
            _taken: self.0.turn.take()?,
        })
    }
}

/// The position of something open, in one caller's hands.
#[derive(Debug)]
pub struct Position<'a> {
    position: &'a AtomicU64,
    _taken: Taken<'a>,
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

impl Description {
    fn new(number: u32) -> Description {
        Description {
            number,
            owners: AtomicU32::new(0),
            flags: AtomicU32::new(0),
            position: AtomicU64::new(0),
            turn: Turn::new(),
            object: Mutex::new(None),
        }
    }
}

impl Clone for Open {
    fn clone(&self) -> Self {
        // There are far fewer descriptors and threads than numbers.
        self.0.owners.fetch_add(1, Ordering::Relaxed);
        Open(self.0)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.0.owners.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let object = self.0.object.lock().take();
        if let Some(object) = object {
            object.close();
        }
        POOL.lock().give_back(self.0.number);
    }
}
