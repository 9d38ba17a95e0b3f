//! From a folder or a tar file to the archive that travels in an image.
//!
//! The guest reads the archive where it lies, so it is made for reading: a
//! table, then names and contents. The same files give the same bytes, whatever
//! the order in which a folder lists them or the time at which it was copied.

mod error;
mod folder;
mod tarball;
mod tree;

use std::path::Path;

use domains::archive::{Header, MAGIC, Record};
use domains::layout::PAGE_SIZE;
use zerocopy::IntoBytes;

pub use error::RootfsError;
use tree::{Item, Tree};

/// The largest archive: an image has to fit below the devices of a machine.
const ARCHIVE_MAX: u64 = 2 << 30;
/// What contents begin at multiples of.
const ALIGN: usize = 16;

/// The archive of the folder or tar file at `path`.
pub fn archive(path: &Path) -> Result<Vec<u8>, RootfsError> {
    let found = path.metadata().map_err(RootfsError::io("open", path))?;
    let tree = match found.file_type() {
        kind if kind.is_dir() => folder::read(path)?,
        kind if kind.is_file() => tarball::read(path)?,
        _ => return Err(RootfsError::NoFile(path.to_owned())),
    };
    refuse_too_big(path, tree.size())?;
    Ok(write(&tree))
}

/// The archive of the tar file that has the bytes `file`; `path` is what it is called.
pub fn archive_of_tar(path: &Path, file: &[u8]) -> Result<Vec<u8>, RootfsError> {
    let tree = tarball::read_bytes(path, file)?;
    refuse_too_big(path, tree.size())?;
    Ok(write(&tree))
}

/// Refuses `more` bytes beside those that there are, before they are read.
fn refuse_too_much(path: &Path, tree: &Tree, more: u64) -> Result<(), RootfsError> {
    // DEFENCE: rootfs-size
    refuse_too_big(path, tree.content().saturating_add(more))
}

fn refuse_too_big(path: &Path, size: u64) -> Result<(), RootfsError> {
    match size <= ARCHIVE_MAX {
        true => Ok(()),
        false => Err(RootfsError::TooBig {
            path: path.to_owned(),
            size,
            limit: ARCHIVE_MAX,
        }),
    }
}

/// How many files an archive of `size` bytes has, whose zeroes at the end may be
/// left out of `archive`; directories and links are files here.
pub fn count(archive: &[u8], size: u64) -> usize {
    domains::archive::count(archive, size)
}

/// The pages that an archive fills.
pub fn pages(archive: &[u8]) -> u64 {
    (archive.len() as u64).div_ceil(PAGE_SIZE)
}

fn write(tree: &Tree) -> Vec<u8> {
    let header = Header {
        magic: MAGIC,
        records: tree.items().count() as u64,
    };
    let table = size_of::<Header>() + tree.items().count() * size_of::<Record>();
    let mut records = Vec::new();
    let mut behind = Vec::new();
    for (path, item) in tree.items() {
        let path_at = table + behind.len();
        behind.extend_from_slice(&path);
        let content_at = (table + behind.len()).next_multiple_of(ALIGN);
        behind.resize(content_at - table, 0);
        behind.extend_from_slice(&item.content);
        records.push(record(&path, path_at, item, content_at));
    }
    [header.as_bytes(), records.as_bytes(), &behind].concat()
}

fn record(path: &[u8], path_at: usize, item: &Item, content_at: usize) -> Record {
    Record {
        path: path_at as u64,
        content: content_at as u64,
        content_size: item.content.len() as u64,
        modified: item.modified,
        path_size: u32::try_from(path.len()).expect("paths are short"),
        mode: item.mode,
        kind: item.kind.number(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domains::archive::{items, kind};

    use super::*;

    #[test]
    fn a_folder_becomes_an_archive_that_reads_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        fs::create_dir_all(place("b/c")).expect("a folder");
        fs::write(place("b/c/file"), "content").expect("a file");
        fs::write(place("a"), "").expect("a file");
        std::os::unix::fs::symlink("a", place("link")).expect("a link");
        let archive = archive(folder.path()).expect("an archive");
        let found: Vec<_> = items(&archive)
            .map(|item| (item.path.to_vec(), item.kind, item.content.to_vec()))
            .collect();
        let expected = [
            (&b"a"[..], kind::FILE, &b""[..]),
            (b"b", kind::DIRECTORY, b""),
            (b"b/c", kind::DIRECTORY, b""),
            (b"b/c/file", kind::FILE, b"content"),
            (b"link", kind::LINK, b"a"),
        ];
        let expected =
            expected.map(|(path, kind, content)| (path.to_vec(), kind, content.to_vec()));
        assert_eq!(found, expected);
        assert_eq!(count(&archive, archive.len() as u64), 5);
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let archives = [["x", "y"], ["y", "x"]].map(|order| {
            let folder = tempfile::tempdir().expect("a folder");
            for name in order {
                fs::write(folder.path().join(name), name).expect("a file");
            }
            archive(folder.path()).expect("an archive")
        });
        assert_eq!(archives[0], archives[1]);
    }

    #[test]
    fn nothing_to_pack_is_an_archive_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = archive(folder.path()).expect("an archive");
        let files = count(&archive, archive.len() as u64);
        assert_eq!((files, pages(&archive)), (0, 1));
    }
}
