//! A program on a volume, and what it is told.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::errno::Errno;
use crate::files::system::{Dirent, Entries, FileSystem, NodeId};
use crate::object::flags::Access;

pub(super) const BOTH: Access = Access {
    read: true,
    write: true,
};
pub(super) const READ: Access = Access {
    read: true,
    write: false,
};

/// What a program was told, step by step.
pub(super) type Told = Vec<String>;

#[derive(Default)]
struct Names(Vec<Vec<u8>>);

impl Entries for Names {
    fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno> {
        self.0.push(entry.name.to_vec());
        Ok(())
    }
}

/// A program on a volume.
pub(super) struct Program<'v> {
    pub(super) volume: &'v dyn FileSystem,
    pub(super) told: Told,
}

impl<'v> Program<'v> {
    /// One that has done nothing yet.
    pub(super) const fn new(volume: &'v dyn FileSystem) -> Program<'v> {
        Program {
            volume,
            told: Vec::new(),
        }
    }

    /// Makes two files, its own and another; its own.
    pub(super) fn two_files(&mut self, root: NodeId) -> NodeId {
        let file = self.create(root, "file");
        self.write(file, 0, "mine");
        let other = self.create(root, "other");
        self.write(other, 0, "not mine");
        file
    }

    pub(super) fn note<T: core::fmt::Debug>(&mut self, step: &str, answer: Result<T, Errno>) {
        self.told.push(format!("{step}: {answer:?}"));
    }

    fn lookup(&mut self, directory: NodeId, name: &str) -> NodeId {
        let found = self.volume.lookup(directory, name.as_bytes());
        self.note(name, found.map(|found| found.kind));
        found.map_or(NodeId(u64::MAX), |found| found.node)
    }

    fn open(&mut self, node: NodeId, access: Access) -> NodeId {
        let opened = self.volume.open(node, access);
        self.note("open", opened.map(|_| ()));
        opened.unwrap_or(NodeId(u64::MAX))
    }

    pub(super) fn create(&mut self, directory: NodeId, name: &str) -> NodeId {
        let made = self.volume.create(directory, name.as_bytes(), 0o644, BOTH);
        self.note("create", made.map(|_| ()));
        made.unwrap_or(NodeId(u64::MAX))
    }

    pub(super) fn write(&mut self, file: NodeId, at: u64, text: &str) {
        let written = self.volume.write(file, at, &text.as_bytes());
        self.note("write", written);
    }

    fn append(&mut self, file: NodeId, text: &str) {
        let appended = self.volume.append(file, &text.as_bytes());
        self.note("append", appended);
    }

    pub(super) fn read(&mut self, file: NodeId, at: u64) {
        let mut bytes = [0; 64];
        let read = self.volume.read(file, at, &mut &mut bytes[..]);
        let text = read.map(|size| String::from_utf8_lossy(&bytes[..size]).into_owned());
        self.note("read", text);
    }

    fn list(&mut self, directory: NodeId) {
        let mut names = Names::default();
        let mut cookie = Some(0);
        while let Some(from) = cookie {
            match self.volume.list(directory, from, &mut names) {
                Ok(next) => cookie = next,
                Err(errno) => return self.note::<()>("list", Err(errno)),
            }
        }
        self.note("list", Ok(names.0));
    }

    fn done(&mut self, step: &str, answer: Result<(), Errno>) {
        self.note(step, answer);
    }

    /// Makes, reads, writes, appends, lists and removes.
    pub(super) fn go(&mut self) -> Result<(), Errno> {
        let volume = self.volume;
        let root = volume.root()?;
        self.done("mkdir", volume.make_directory(root, b"d", 0o755));
        let directory = self.lookup(root, "d");
        let file = self.create(directory, "one");
        self.write(file, 0, "hello");
        for name in ["two", "three", "four", "five"] {
            let other = self.create(directory, name);
            self.write(other, 0, name);
            volume.release(other);
        }
        self.append(file, " world");
        self.read(file, 0);
        let found = self.lookup(directory, "one");
        let again = self.open(found, READ);
        volume.release(found);
        self.read(again, 6);
        let listed = self.open(directory, READ);
        self.list(listed);
        let top = self.open(root, READ);
        self.list(top);
        self.done("cut", volume.set_size(file, 8));
        self.read(again, 0);
        self.done("sync", volume.sync(file));
        let size = volume.metadata(file).map(|it| (it.size, it.inode, it.kind));
        self.note("status", size);
        self.done("remove", volume.remove_file(directory, b"two"));
        self.done("twice", volume.remove_file(directory, b"two"));
        let gone = self.lookup(directory, "two");
        let taken = self.create(directory, "one");
        self.list(listed);
        for node in [gone, taken, top, listed, again, file, directory, root] {
            volume.release(node);
        }
        Ok(())
    }
}
