//! What is open: shared by all descriptors that were duplicated from one.
//!
//! The last descriptor that goes closes it, and so does the last call that still
//! uses it, whichever is later: nobody's file is closed under his hands.

use core::sync::atomic::{AtomicU32, Ordering};

use spin::Mutex;

use super::any::AnyObject;
use crate::errno::Errno;
use crate::object::flags::{Access, access};
use crate::object::{Description, Object};
use crate::pool::Pool;

static POOL: Mutex<Pool<Share>> = Mutex::new(Pool::new());

/// A slot for something open.
#[derive(Debug)]
struct Share {
    number: u32,
    owners: AtomicU32,
    description: Description,
    object: Mutex<Option<AnyObject>>,
}

/// A share in something open.
#[derive(Debug)]
pub struct Open(&'static Share);

impl Open {
    /// Opens `object`, which is closed if that fails.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn new(object: AnyObject, flags: u32) -> Result<Open, Errno> {
        let taken = POOL.lock().take(Share::new);
        let share = taken.inspect_err(|_| object.close())?;
        share.owners.store(1, Ordering::Relaxed);
        share.description.begin(flags);
        *share.object.lock() = Some(object);
        Ok(Open(share))
    }

    /// What it is open to.
    ///
    /// # Errors
    ///
    /// None while it is open.
    #[inline]
    pub fn object(&self) -> Result<AnyObject, Errno> {
        self.0.object.lock().ok_or(Errno::BadDescriptor)
    }

    /// The same, if it is open for what is wanted.
    ///
    /// # Errors
    ///
    /// It is open for something else.
    #[inline]
    pub fn object_for(
        &self,
        is_wanted: impl FnOnce(Access) -> bool,
    ) -> Result<AnyObject, Errno> {
        if !is_wanted(access(self.description().flags())) {
            return Err(Errno::BadDescriptor);
        }
        self.object()
    }

    /// Its flags and its position.
    pub const fn description(&self) -> &Description {
        &self.0.description
    }
}

impl Share {
    fn new(number: u32) -> Share {
        Share {
            number,
            owners: AtomicU32::new(0),
            description: Description::new(),
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

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::files::file::File;
    use crate::files::memory::Memory;
    use crate::files::system::{FileSystem, Kind};
    use crate::object::flags::READ_WRITE;

    /// A file without a name, which is there for as long as it is open.
    fn file() -> File {
        let memory = Box::leak(Box::new(Memory::new(|| 1 << 20, || 0)));
        memory.build(&[]).expect("there is memory");
        let root = memory.root().expect("it has one");
        let node = memory.create(root, b"name", 0o600, access(READ_WRITE));
        memory.remove_file(root, b"name").expect("it is there");
        File {
            system: memory,
            node: node.expect("there is room"),
            kind: Kind::File,
        }
    }

    #[test]
    fn what_is_shared_is_closed_when_the_last_share_goes() {
        let file = file();
        let first = Open::new(file.into(), READ_WRITE).expect("there is memory");
        let second = first.clone();
        let third = second.clone();
        for share in [first, third] {
            drop(share);
            assert!(file.metadata().is_ok());
            assert!(second.object().is_ok());
        }
        drop(second);
        assert!(file.metadata().is_err());
    }

    #[test]
    fn who_is_next_in_a_slot_finds_nothing_of_the_one_before() {
        for _ in 0..100 {
            let open = Open::new(file().into(), READ_WRITE).expect("there is memory");
            let description = open.description();
            assert_eq!(description.flags(), READ_WRITE);
            let mut position = description.hold_position().expect("nobody has it");
            assert_eq!(position.get(), 0);
            position.set(99);
        }
    }
}
