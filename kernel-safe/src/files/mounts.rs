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
    Ok(Mount::root(memory::root()?))
}

impl Mount {
    /// `system` as the root.
    pub const fn root(system: &'static dyn FileSystem) -> Mount {
        Mount {
            path: b"/",
            system,
            is_writable: true,
        }
    }
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
    add_below(memory::root()?, path, system, is_writable)
}

/// As [`add`], where `root` is the root.
fn add_below(
    root: &dyn FileSystem,
    path: &'static [u8],
    system: &'static dyn FileSystem,
    is_writable: bool,
) -> Result<(), Errno> {
    if path::first(path).is_none() {
        return Err(Errno::Busy);
    }
    make_place(root, path)?;
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
fn make_place(root: &dyn FileSystem, path: &[u8]) -> Result<(), Errno> {
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

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use domains::archive::kind;

    use super::super::memory::Memory;
    use super::super::memory::tests::{archive, memory};
    use super::super::system::Kind;
    use super::super::walk::{Last, Walk};
    use super::*;

    fn leaked(items: &[(&str, u16, &str)]) -> &'static Memory {
        Box::leak(Box::new(memory(|| 1 << 24, &archive(items))))
    }

    /// Where a walk along `path` ends: in which file system, and at what.
    fn end(root: &'static Memory, path: &str) -> Result<(*const (), Kind, bool), Errno> {
        let mut walk = Walk::at(Mount::root(root))?;
        walk.go(path.as_bytes(), Last::Follow)?;
        let here = walk.here();
        let system: *const dyn FileSystem = here.system;
        Ok((system.cast(), here.kind, here.is_writable))
    }

    #[test]
    fn a_walk_enters_a_mount_and_leaves_it_by_names_alone() {
        let root = leaked(&[
            ("etc", kind::DIRECTORY, ""),
            ("etc/f", kind::FILE, ""),
            ("zero\0", kind::FILE, ""),
        ]);
        let volume = leaked(&[
            ("zero", kind::LINK, "/zero\0"),
            ("etc", kind::DIRECTORY, ""),
            ("up", kind::LINK, "../../etc/f"),
            ("far", kind::LINK, "/etc"),
            ("self", kind::LINK, "etc/../self"),
        ]);
        let place = b"/walk/volume";
        assert_eq!(add_below(root, place, volume, false), Ok(()));
        assert_eq!(add_below(root, place, volume, true), Err(Errno::Busy));
        assert_eq!(add_below(root, b"/", volume, true), Err(Errno::Busy));
        let address = |memory: &'static Memory| core::ptr::from_ref(memory).cast();
        let inside = (address(volume), Kind::Directory, false);
        let outside = (address(root), Kind::Directory, true);
        for (path, expected) in [
            ("/walk/volume", inside),
            ("/walk/volume/etc/..", inside),
            ("/walk/../walk/./volume//etc/", inside),
            ("/walk/volume/..", outside),
            ("/walk/volume/etc/../../..", outside),
            ("/walk/volume/../../../../etc", outside),
            ("/walk/volume/far", outside),
            ("/walk/volume/far/..", outside),
            ("/walk/volume/up", (address(root), Kind::File, true)),
        ] {
            assert_eq!(end(root, path), Ok(expected), "{path}");
        }
        for (path, errno) in [
            ("/walk/volume/self", Errno::Loop),
            ("/walk/volume/up/", Errno::NotDirectory),
            ("/walk/volume/up/..", Errno::NotDirectory),
            ("/walk/volume/walk", Errno::NotFound),
            ("/walk/volume/zero", Errno::NotFound),
        ] {
            assert_eq!(end(root, path).err(), Some(errno), "{path}");
        }
    }

    #[test]
    fn a_walk_gives_back_all_that_it_took() {
        let root = leaked(&[("a", kind::DIRECTORY, ""), ("a/b", kind::DIRECTORY, "")]);
        for _ in 0..3 {
            assert!(end(root, "/a/b/../b/./..").is_ok());
            assert_eq!(end(root, "/a/b/none/x").err(), Some(Errno::NotFound));
        }
        let a = root
            .lookup(root.root().expect("a root"), b"a")
            .expect("it is there");
        assert_eq!(root.make_directory(a.node, b"c", 0o755), Ok(()));
        assert_eq!(root.remove_directory(a.node, b"c"), Ok(()));
        assert_eq!(root.lookup(a.node, b"c").err(), Some(Errno::NotFound));
    }
}
