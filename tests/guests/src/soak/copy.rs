//! Trees of files, copied by several threads.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};

use super::level::Level;
use super::names::Names;
use super::{NO_BYTES, digest};
use crate::checks::{done, listed, same};

/// More than there are windows of a channel.
const THREADS: usize = 5;
/// What is copied, in order.
const TREES: [&str; 2] = ["first", "all"];
/// Bytes of a read: more than a message has.
const PIECE: usize = 100_000;
/// More files than the threads have open at any time.
const OPEN: usize = 64;

/// What was copied.
#[derive(Clone, Copy, Default)]
struct Copied {
    files: u64,
    /// The sum of the digests of all files, each of its path and its content.
    digest: u64,
}

/// Copies one tree.
struct Copier<'a> {
    tree: &'a str,
    names: Names,
    piece: &'a mut [u8],
    copied: Copied,
}

/// Copies the trees of the folder, each to a place beside it.
pub fn run(folder: &str, names: Names) -> Result<(), String> {
    open_at_once(folder)?;
    let turn = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        let turn = &turn;
        let start = |number| scope.spawn(move || work(folder, names, number, turn));
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        let [first, all] = TREES.map(|_| level_after(turn));
        let copied = sum(threads)?;
        let Copied { files, digest } = copied;
        println!("{files} files, digest {digest:016x}");
        all.is_still(first)
    })
}

/// Has more files open than the work has: there is room for them from then on.
fn open_at_once(folder: &str) -> Result<(), String> {
    let open = |_| done(folder, File::open(folder));
    let files: Result<Vec<File>, String> = (0..OPEN).map(open).collect();
    files.map(drop)
}

/// Lets the threads work once, and measures while they wait.
fn level_after(turn: &Barrier) -> Level {
    turn.wait();
    turn.wait();
    let level = Level::now();
    turn.wait();
    level
}

/// What all threads have copied.
fn sum(threads: Vec<ScopedJoinHandle<'_, Result<Copied, String>>>) -> Result<Copied, String> {
    let mut sum = Copied::default();
    for thread in threads {
        let copied = thread.join().map_err(|_| "a thread panicked")??;
        sum.add(copied.files, copied.digest);
    }
    Ok(sum)
}

/// Copies this thread's part of one tree after the other; what of the last.
fn work(folder: &str, names: Names, number: usize, turn: &Barrier) -> Result<Copied, String> {
    let mut piece = vec![0; PIECE];
    let [first, all] = TREES.map(|tree| {
        turn.wait();
        let mut copier = Copier {
            tree: &format!("{folder}/{tree}"),
            names,
            piece: &mut piece,
            copied: Copied::default(),
        };
        let copied = copier.part(number);
        turn.wait();
        turn.wait();
        copied
    });
    first.and(all)
}

impl Copied {
    fn add(&mut self, files: u64, digest: u64) {
        self.files += files;
        self.digest = self.digest.wrapping_add(digest);
    }
}

impl Copier<'_> {
    /// Copies those directories of the tree whose turn it is.
    fn part(&mut self, number: usize) -> Result<Copied, String> {
        for (place, name) in listed(self.tree)?.iter().enumerate() {
            if place % THREADS == number {
                self.directory(&format!("/{name}"))?;
            }
        }
        Ok(self.copied)
    }

    /// Copies what is at `path` in the tree.
    fn directory(&mut self, path: &str) -> Result<(), String> {
        let (source, target) = self.places(path);
        done(&target, self.names.directory(&target))?;
        let names = listed(&source)?;
        for name in &names {
            let path = format!("{path}/{name}");
            if done(&path, fs::metadata(self.places(&path).0))?.is_dir() {
                self.directory(&path)?;
            } else {
                self.file(&path)?;
            }
        }
        same(&target, listed(&target)? == names, true)
    }

    /// Copies a file, and reads what it has written.
    fn file(&mut self, path: &str) -> Result<(), String> {
        let (source, target) = self.places(path);
        let mut source = done(path, File::open(source))?;
        let mut copy = done(&target, self.names.file(&target))?;
        let sum = digest(NO_BYTES, path.as_bytes());
        let read = self.pieces(&mut source, sum, |bytes| copy.write_all(bytes))?;
        let mut copy = done(&target, File::open(&target))?;
        let written = self.pieces(&mut copy, sum, |_| Ok(()))?;
        self.copied.add(1, read);
        same(&target, written, read)
    }

    /// Reads a file to its end, and hands over what it reads; the digest with it.
    fn pieces(
        &mut self,
        file: &mut File,
        mut sum: u64,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, String> {
        loop {
            let size = done("read", file.read(self.piece))?;
            if size == 0 {
                return Ok(sum);
            }
            let read = &self.piece[..size];
            sum = digest(sum, read);
            done("write", each(read))?;
        }
    }

    /// Where a path of the tree is, and where its copy.
    fn places(&self, path: &str) -> (String, String) {
        let tree = self.tree;
        (format!("{tree}{path}"), format!("{tree}-copy{path}"))
    }
}
