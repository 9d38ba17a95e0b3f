//! File systems whose answers would have a walk, an open or a list go on for
//! ever.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, Ordering};

use super::mounts::Mount;
use super::system::{self, Appended, Entries, FileSystem, Lookup, Metadata, NodeId};
use super::transfer::{Source, Target};
use super::*;
use crate::object::flags::Access;

/// More questions than any path needs, and more entries than any list.
const MANY: u32 = 100_000;

/// A file system that says of each name the same, and lists in a circle.
#[derive(Debug)]
struct Liar {
    name: Result<Kind, Errno>,
    /// How many entries the circle has.
    circle: u64,
    asked: AtomicU32,
}

/// How many entries were taken.
struct Count(u32);

impl Entries for Count {
    fn add(&mut self, _: &system::Dirent<'_>) -> Result<(), Errno> {
        self.0 += 1;
        assert!(self.0 < MANY, "a list that never ends");
        Ok(())
    }
}

impl Liar {
    fn new(name: Result<Kind, Errno>) -> &'static Liar {
        Liar::with_circle(name, 1)
    }

    fn with_circle(name: Result<Kind, Errno>, circle: u64) -> &'static Liar {
        Box::leak(Box::new(Liar {
            name,
            circle,
            asked: AtomicU32::new(0),
        }))
    }

    /// What making a file at `path` comes to.
    fn create(&'static self, path: &[u8]) -> Errno {
        let walk = Walk::at(Mount::root(self)).expect("a root");
        let path = copied(path).expect("memory");
        let flags = flags::CREATE | flags::WRITE_ONLY;
        create_by(walk, path, flags, 0o666).expect_err("nothing can be made")
    }
}

impl FileSystem for Liar {
    fn root(&self) -> Result<NodeId, Errno> {
        Ok(NodeId(0))
    }

    fn lookup(&self, _: NodeId, _: &[u8]) -> Result<Lookup, Errno> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(asked < MANY, "it is asked for ever");
        let node = NodeId(1);
        self.name.map(|kind| Lookup { node, kind })
    }

    fn release(&self, _: NodeId) {}

    fn metadata(&self, _: NodeId) -> Result<Metadata, Errno> {
        Err(Errno::Device)
    }

    fn read_link(&self, _: NodeId, target: &mut [u8]) -> Result<usize, Errno> {
        let path = b"a/b";
        target[..path.len()].copy_from_slice(path);
        Ok(path.len())
    }

    fn open(&self, _: NodeId, _: Access) -> Result<NodeId, Errno> {
        Err(Errno::Device)
    }

    fn create(&self, _: NodeId, _: &[u8], _: u32, _: Access) -> Result<NodeId, Errno> {
        Err(Errno::Exists)
    }

    fn make_directory(&self, _: NodeId, _: &[u8], _: u32) -> Result<(), Errno> {
        Err(Errno::Exists)
    }

    fn remove_file(&self, _: NodeId, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::NotFound)
    }

    fn remove_directory(&self, _: NodeId, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::NotFound)
    }

    fn list(
        &self,
        _: NodeId,
        cookie: u64,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let mut next = cookie;
        for _ in 0..10 {
            next = next % self.circle + 1;
            entries.add(&system::Dirent {
                name: b"name",
                inode: 1,
                kind: Kind::File,
                next,
            })?;
        }
        Ok(Some(next))
    }

    fn read(&self, _: NodeId, _: u64, _: &mut dyn Target) -> Result<usize, Errno> {
        Err(Errno::Device)
    }

    fn write(&self, _: NodeId, _: u64, _: &dyn Source) -> Result<usize, Errno> {
        Err(Errno::Device)
    }

    fn append(&self, _: NodeId, _: &dyn Source) -> Result<Appended, Errno> {
        Err(Errno::Device)
    }

    fn set_size(&self, _: NodeId, _: u64) -> Result<(), Errno> {
        Err(Errno::Device)
    }

    fn sync(&self, _: NodeId) -> Result<(), Errno> {
        Err(Errno::Device)
    }
}

#[test]
fn a_name_that_is_there_and_is_not_is_an_error() {
    let liar = Liar::new(Err(Errno::NotFound));
    assert_eq!(liar.create(b"/name"), Errno::Device);
}

#[test]
fn names_that_are_all_links_are_a_loop() {
    let liar = Liar::new(Ok(Kind::Link));
    assert_eq!(liar.create(b"/name"), Errno::Loop);
    let mut walk = Walk::at(Mount::root(liar)).expect("a root");
    assert_eq!(walk.go(b"/name", Last::Follow), Err(Errno::Loop));
}

#[test]
fn a_list_in_a_circle_is_an_error_however_large() {
    for size in [1, 9, 255, 256, 257, 300, 513, 900] {
        let file = File {
            system: Liar::with_circle(Ok(Kind::File), size),
            node: NodeId(1),
            kind: Kind::Directory,
        };
        let listed = file.list_to(0, &mut Count(0));
        assert_eq!(listed, Err(Errno::Device), "{size}");
    }
}
