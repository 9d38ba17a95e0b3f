//! The files that travel in an image: a table, then names and contents.
//!
//! The host tool writes it, from a folder or a tar file; the safe kernel reads
//! it where it lies. It is trusted as far as the image is, and read all the same
//! with every number checked: a damaged one ends the list, and nothing else.
//!
//! Directories come before what is in them. Paths have no slash at either end.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What the first eight bytes of an archive say.
pub const MAGIC: [u8; 8] = *b"clfiles1";

/// The head of an archive.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// How many records follow.
    pub records: u64,
}

/// A file, a directory or a link of an archive.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Record {
    /// Where the path begins.
    pub path: u64,
    /// Where the content begins: bytes, or where a link leads.
    pub content: u64,
    /// How many bytes that has.
    pub content_size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modified: u64,
    /// How many bytes the path has.
    pub path_size: u32,
    /// The lower twelve bits of its mode.
    pub mode: u16,
    /// A value of [`kind`].
    pub kind: u16,
}

/// What [`Record::kind`] says.
pub mod kind {
    /// A regular file.
    pub const FILE: u16 = 0;
    /// A directory.
    pub const DIRECTORY: u16 = 1;
    /// A symbolic link.
    pub const LINK: u16 = 2;
}

/// A file, as it is read from an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// What it holds, or where it leads.
    pub content: &'a [u8],
    /// When it was changed.
    pub modified: u64,
    /// The lower twelve bits of its mode.
    pub mode: u16,
    /// A value of [`kind`].
    pub kind: u16,
}

/// What is in `archive`, up to the first record that is not sound.
pub fn items(archive: &[u8]) -> impl Iterator<Item = Item<'_>> {
    records(archive).map_while(move |record| item(archive, record))
}

/// How many of these there are in an archive of `size` bytes of which only the
/// first may be given: the table and the paths stand there.
pub fn count(archive: &[u8], size: u64) -> usize {
    let ends = |start: u64, length| start.checked_add(length).is_some_and(|end| end <= size);
    records(archive)
        .take_while(|it| {
            ends(it.path, it.path_size.into()) && ends(it.content, it.content_size)
        })
        .count()
}

fn records(archive: &[u8]) -> impl Iterator<Item = Record> {
    let head = Header::read_from_prefix(archive).ok();
    let head = head.filter(|(head, _)| head.magic == MAGIC);
    let (count, records) = head.map_or((0, &[][..]), |(head, rest)| (head.records, rest));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let records = records.chunks_exact(size_of::<Record>()).take(count);
    records.map_while(|record| Record::read_from_bytes(record).ok())
}

fn item(archive: &[u8], record: Record) -> Option<Item<'_>> {
    Some(Item {
        path: part(archive, record.path, u64::from(record.path_size))?,
        content: part(archive, record.content, record.content_size)?,
        modified: record.modified,
        mode: record.mode,
        kind: record.kind,
    })
}

fn part(archive: &[u8], start: u64, size: u64) -> Option<&[u8]> {
    let end = usize::try_from(start.checked_add(size)?).ok()?;
    archive.get(usize::try_from(start).ok()?..end)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn archive(records: u64, record: Record) -> Vec<u8> {
        let head = Header {
            magic: MAGIC,
            records,
        };
        [head.as_bytes(), record.as_bytes(), b"a/bhello"].concat()
    }

    const RECORD: Record = Record {
        path: 56,
        content: 59,
        content_size: 5,
        modified: 7,
        path_size: 3,
        mode: 0o644,
        kind: kind::FILE,
    };

    #[test]
    fn items_are_read_where_they_lie() {
        let archive = archive(1, RECORD);
        let items: Vec<Item<'_>> = items(&archive).collect();
        assert_eq!(items.len(), 1);
        assert_eq!(
            (items[0].path, items[0].content),
            (&b"a/b"[..], &b"hello"[..])
        );
    }

    #[test]
    fn a_record_that_points_elsewhere_ends_the_list() {
        for bad in [
            Record {
                content_size: 6,
                ..RECORD
            },
            Record {
                path: u64::MAX,
                ..RECORD
            },
        ] {
            assert_eq!(items(&archive(1, bad)).count(), 0);
        }
        assert_eq!(items(b"clfiles").count(), 0);
        let whole = archive(1, RECORD);
        let size = whole.len() as u64;
        assert_eq!(count(&whole[..whole.len() - 5], size), 1);
        assert_eq!(count(&whole, size - 1), 0);
        assert_eq!(items(&archive(0, RECORD)).count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            records in any::<u64>(),
        ) {
            let head = Header { magic: MAGIC, records };
            let archive = [head.as_bytes(), &bytes].concat();
            prop_assert!(items(&archive).count() <= bytes.len() / size_of::<Record>());
        }
    }
}
