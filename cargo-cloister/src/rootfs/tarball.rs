//! A tar file as files to pack.
//!
//! Modes and times are kept, owners are not: the guest has one user. A file that
//! was cut off is refused, even where it was cut between two entries.

use std::fs;
use std::io::Read;
use std::path::Path;

use tar::{Archive, EntryType};

use super::tree::{Item, Kind, Tree};
use super::{RootfsError, refuse_too_much};

/// What a tar file ends with: two blocks of zeros.
const END: [u8; 1024] = [0; 1024];

/// The first bytes of compressed files, and how to unpack each.
const COMPRESSED: [(&[u8], &str); 4] = [
    (
        &[0x1f, 0x8b],
        "it is compressed: unpack it with `gunzip` first",
    ),
    (b"BZh", "it is compressed: unpack it with `bunzip2` first"),
    (b"\xfd7zXZ", "it is compressed: unpack it with `unxz` first"),
    (
        &[0x28, 0xb5, 0x2f, 0xfd],
        "it is compressed: unpack it with `unzstd` first",
    ),
];

type Entry<'a> = tar::Entry<'a, &'a [u8]>;

/// Reads all entries of the tar file at `path`.
pub(super) fn read(path: &Path) -> Result<Tree, RootfsError> {
    let file = fs::read(path).map_err(RootfsError::io("read", path))?;
    read_bytes(path, &file)
}

/// Reads all entries of the tar file that has these bytes.
pub(super) fn read_bytes(path: &Path, file: &[u8]) -> Result<Tree, RootfsError> {
    let bad = |why: String| RootfsError::Tar {
        path: path.to_owned(),
        why,
        help: help(file),
    };
    let mut tree = Tree::default();
    let mut archive = Archive::new(file);
    for entry in archive.entries().map_err(|error| bad(error.to_string()))? {
        let mut entry = entry.map_err(|error| bad(error.to_string()))?;
        add(path, &mut tree, &mut entry)?;
    }
    if !file.ends_with(&END) {
        return Err(bad("its end is missing".into()));
    }
    Ok(tree)
}

fn help(file: &[u8]) -> &'static str {
    let compressed = COMPRESSED.iter().find(|(magic, _)| file.starts_with(magic));
    compressed.map_or(
        "make it again, with `tar -cf FILE.tar -C FOLDER .`",
        |(_, help)| help,
    )
}

fn add(path: &Path, tree: &mut Tree, entry: &mut Entry<'_>) -> Result<(), RootfsError> {
    let name = entry.path_bytes().into_owned();
    refuse_too_much(path, tree, size(tree, entry))?;
    let added = match item(tree, entry) {
        Ok(Some(item)) => tree.add(&name, item),
        Ok(None) => Ok(()),
        Err(why) => Err(why),
    };
    added.map_err(|why| RootfsError::entry(path, &name, why))
}

/// How many bytes an entry says that it has. A few bytes can say so of zeroes, or
/// of a file that was there before.
fn size(tree: &Tree, entry: &Entry<'_>) -> u64 {
    let linked = || {
        tree.find(&target(entry).ok()?)
            .map(|item| item.content.len() as u64)
    };
    match entry.header().entry_type() {
        EntryType::Link => linked().unwrap_or(0),
        _ => entry.size(),
    }
}

/// What an entry is; none if it only says something of others.
fn item(tree: &Tree, entry: &mut Entry<'_>) -> Result<Option<Item>, String> {
    let kind = match entry.header().entry_type() {
        EntryType::XGlobalHeader => return Ok(None),
        EntryType::Link => return linked(tree, entry).map(Some),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Link,
        EntryType::Char | EntryType::Block => return Err("it is a device".into()),
        EntryType::Fifo => return Err("it is a pipe".into()),
        other => return Err(format!("it is of an unknown kind, {:#x}", other.as_byte())),
    };
    let content = match kind {
        Kind::File => content(entry)?,
        Kind::Directory => Vec::new(),
        Kind::Link => target(entry)?,
    };
    let header = entry.header();
    Ok(Some(Item {
        kind,
        mode: mode(header.mode().map_err(|error| error.to_string())?),
        modified: time(header.mtime().map_err(|error| error.to_string())?),
        content,
    }))
}

/// The file that a hard link names, which must stand before it.
fn linked(tree: &Tree, entry: &Entry<'_>) -> Result<Item, String> {
    let target = target(entry)?;
    let found = tree.find(&target).filter(|item| item.kind == Kind::File);
    found.cloned().ok_or_else(|| {
        let target = String::from_utf8_lossy(&target).into_owned();
        format!("it is a hard link to `{target}`, which is no file before it")
    })
}

fn content(entry: &mut Entry<'_>) -> Result<Vec<u8>, String> {
    let size = entry.size();
    let mut content = Vec::new();
    let read = entry.read_to_end(&mut content);
    match read.map_err(|error| error.to_string())? as u64 {
        read if read == size => Ok(content),
        read => Err(format!(
            "it has {read} bytes and not {size}: the file was cut off"
        )),
    }
}

fn target(entry: &Entry<'_>) -> Result<Vec<u8>, String> {
    let target = entry.link_name_bytes();
    target
        .map(|target| target.into_owned())
        .ok_or_else(|| "it is a link that leads nowhere".into())
}

fn mode(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).expect("twelve bits fit")
}

fn time(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    fn header(kind: EntryType, size: usize) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size as u64);
        header.set_mode(0o640);
        header.set_mtime(7);
        header
    }

    /// A tar file of `entries`: name, kind, and content or target.
    fn tar(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
            let size = if is_link { 0 } else { content.len() };
            let mut header = header(*kind, size);
            // The builder refuses names that the reader must refuse as well.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            if is_link {
                let target = &mut header.as_old_mut().linkname;
                target[..content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_cksum();
            let content = if is_link { "" } else { content };
            builder
                .append(&header, content.as_bytes())
                .expect("it is in memory");
        }
        builder.into_inner().expect("it is in memory")
    }

    fn read_bytes(bytes: &[u8]) -> Result<Tree, RootfsError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("files.tar");
        fs::write(&path, bytes).expect("a file");
        read(&path)
    }

    #[test]
    fn files_directories_and_links_are_read() {
        let tree = read_bytes(&tar(&[
            ("./d/", EntryType::Directory, ""),
            ("./d/file", EntryType::Regular, "content"),
            ("d/hard", EntryType::Link, "d/file"),
            ("soft", EntryType::Symlink, "d/file"),
        ]))
        .expect("a whole file");
        let file = tree.find(b"d/file").expect("it was packed");
        assert_eq!((file.mode, file.modified), (0o640, 7_000_000_000));
        assert_eq!(tree.find(b"d/hard"), Some(file));
        let soft = tree.find(b"soft").expect("it was packed");
        assert_eq!((soft.kind, &soft.content[..]), (Kind::Link, &b"d/file"[..]));
    }

    #[test]
    fn entries_that_lead_elsewhere_are_refused() {
        for (name, kind, content, why) in [
            ("/etc/x", EntryType::Regular, "", "absolute"),
            ("../x", EntryType::Regular, "", "`..`"),
            ("null", EntryType::Char, "", "device"),
            ("pipe", EntryType::Fifo, "", "pipe"),
            ("hard", EntryType::Link, "none", "hard link"),
        ] {
            let error = read_bytes(&tar(&[(name, kind, content)])).expect_err(why);
            assert!(error.to_string().contains(why), "{error}");
        }
        let twice = [
            ("a", EntryType::Regular, "1"),
            ("a", EntryType::Regular, "2"),
        ];
        let error = read_bytes(&tar(&twice)).expect_err("a name is there twice");
        assert!(error.to_string().contains("twice"), "{error}");
    }

    #[test]
    fn what_is_cut_off_anywhere_is_refused() {
        let content = "x".repeat(700);
        let whole = tar(&[
            ("a", EntryType::Regular, &content),
            ("b", EntryType::Regular, "2"),
        ]);
        assert!(read_bytes(&whole).is_ok());
        for size in [
            0,
            1,
            100,
            511,
            512,
            600,
            1024,
            1536,
            2048,
            whole.len() - 1024,
        ] {
            assert!(read_bytes(&whole[..size]).is_err(), "{size}");
        }
    }

    #[test]
    fn a_size_is_refused_before_anything_of_it_is_read() {
        let mut header = header(EntryType::Regular, 3 << 30);
        header.as_old_mut().name[0] = b'a';
        header.set_cksum();
        let error = read_bytes(header.as_bytes()).expect_err("it is too big");
        let size = 3_u64 << 30;
        assert!(matches!(error, RootfsError::TooBig { size: it, .. } if it == size));
    }

    #[test]
    fn a_link_to_a_file_counts_as_what_it_takes() {
        let tree = read_bytes(&tar(&[
            ("a", EntryType::Regular, "content"),
            ("b", EntryType::Link, "a"),
            ("c", EntryType::Link, "a"),
        ]));
        assert_eq!(tree.expect("a whole file").content(), 21);
    }

    #[test]
    fn what_is_no_tar_file_is_refused() {
        let mut broken = tar(&[("a", EntryType::Regular, "1")]);
        broken[3] ^= 1;
        assert!(read_bytes(&broken).is_err(), "the checksum is wrong");
        assert!(read_bytes(&[b'x'; 4096]).is_err());
        let error = read_bytes(b"\x1f\x8b compressed").expect_err("it is no tar file");
        assert!(matches!(error, RootfsError::Tar { help, .. } if help.contains("gunzip")));
    }
}
