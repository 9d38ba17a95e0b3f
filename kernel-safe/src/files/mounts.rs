//! Which file system lies where.
//!
//! The root is in memory. What else is mounted lies at an absolute path, by
//! which a walk finds it: paths of a walk are free of links and of `..`, so each
//! place has one.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Mutex;

use super::system::FileSystem;
use super::{memory, path};
use crate::errno::Errno;

static MOUNTS: Mutex<Vec<Mount>> = Mutex::new(Vec::new());
/// Spares a walk the lock while there is none.
static IS_ANY: AtomicBool = AtomicBool::new(false);

/// A file system at its place.
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    path: &'static [u8],
    /// The file system.
    pub system: &'static dyn FileSystem,
    /// Whether the application may change it.
    pub is_writable: bool,
}

/// The root.
///
/// # Errors
///
/// Memory is short.
pub fn root() -> Result<Mount, Errno> {
    Ok(Mount {
        path: b"/",
        system: memory::root()?,
        is_writable: true,
    })
}

/// Mounts `system` at `path`, which is absolute and without `.`, `..` or a slash
/// at its end. The directories on the way there are made where the root is in
/// memory.
///
/// # Errors
///
/// Something is mounted there already, or memory is short.
pub fn add(
    path: &'static [u8],
    system: &'static dyn FileSystem,
    is_writable: bool,
) -> Result<(), Errno> {
    if path::first(path).is_none() {
        return Err(Errno::Busy);
    }
    make_place(path)?;
    let mut mounts = MOUNTS.lock();
    if mounts.iter().any(|mount| mount.path == path) {
        return Err(Errno::Busy);
    }
    mounts.try_reserve(1)?;
    mounts.push(Mount {
        path,
        system,
        is_writable,
    });
    IS_ANY.store(true, Ordering::Release);
    Ok(())
}

/// What is mounted at `path`.
pub fn find(path: &[u8]) -> Option<Mount> {
    if !IS_ANY.load(Ordering::Acquire) {
        return None;
    }
    let mounts = MOUNTS.lock();
    mounts.iter().find(|mount| mount.path == path).copied()
}

/// Makes the directories on the way to `path` in the root.
fn make_place(path: &[u8]) -> Result<(), Errno> {
    let root = memory::root()?;
    let mut directory = root.root()?;
    let mut rest = path;
    while let Some((name, behind)) = path::first(rest) {
        rest = behind;
        let made = match root.make_directory(directory, name, 0o755) {
            Ok(()) | Err(Errno::Exists) => root.lookup(directory, name),
            Err(errno) => Err(errno),
        };
        root.release(directory);
        directory = made?.node;
    }
    root.release(directory);
    Ok(())
}
