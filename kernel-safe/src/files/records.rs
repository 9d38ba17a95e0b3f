//! The entries of a directory, in the form that the application reads.
//!
//! Either all that are left fit into the application's buffer, or the answer is
//! EINVAL, so that it comes again with a larger one: that is what Hermit's
//! standard library builds on, which asks once and takes the answer for all.

use domains::files::entry;
use gate::user::UserSlice;

use super::system::{Dirent, Entries, Kind, NAME_MAX};
use crate::errno::Errno;

/// The most bytes of a record.
const RECORD_MAX: usize = (entry::HEAD + NAME_MAX + 1).next_multiple_of(entry::ALIGN);

/// A buffer that takes records.
#[derive(Debug)]
pub struct Records {
    target: UserSlice,
    filled: usize,
    next: u64,
}

impl Records {
    /// An empty buffer for the entries from `cookie` on.
    pub const fn new(target: UserSlice, cookie: u64) -> Records {
        Records {
            target,
            filled: 0,
            next: cookie,
        }
    }

    /// How many bytes were written.
    pub const fn filled(&self) -> usize {
        self.filled
    }

    /// Where the list goes on.
    pub const fn next(&self) -> u64 {
        self.next
    }
}

impl Entries for Records {
    fn add(&mut self, found: &Dirent<'_>) -> Result<(), Errno> {
        let mut record = [0; RECORD_MAX];
        let record = encode(found, &mut record).ok_or(Errno::NameTooLong)?;
        let place = self.target.part(self.filled, record.len());
        if place.size() < record.len() {
            return Err(Errno::Invalid);
        }
        place.write(record)?;
        self.filled = self.filled.saturating_add(record.len());
        self.next = found.next;
        Ok(())
    }
}

/// Writes the record of an entry to `record`; none if the name is too long.
fn encode<'r>(found: &Dirent<'_>, record: &'r mut [u8; RECORD_MAX]) -> Option<&'r [u8]> {
    let end = entry::HEAD.checked_add(found.name.len())?;
    let size = end.checked_add(1)?.checked_next_multiple_of(entry::ALIGN)?;
    record
        .get_mut(entry::HEAD..end)?
        .copy_from_slice(found.name);
    let record = record.get_mut(..size)?;
    let fields = [
        (0, &found.inode.to_le_bytes()[..]),
        (8, &found.next.to_le_bytes()),
        (16, &u16::try_from(size).ok()?.to_le_bytes()),
        (18, &[kind_byte(found.kind)]),
    ];
    for (start, field) in fields {
        let end = field.len().checked_add(start)?;
        record.get_mut(start..end)?.copy_from_slice(field);
    }
    Some(record)
}

const fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::File => entry::FILE,
        Kind::Directory => entry::DIRECTORY,
        Kind::Link => entry::LINK,
        Kind::Device => entry::DEVICE,
        Kind::Other => entry::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8]) -> Dirent<'_> {
        Dirent {
            name,
            inode: 0x0102,
            kind: Kind::Directory,
            next: 5,
        }
    }

    #[test]
    fn a_record_has_a_head_a_name_and_a_zero() {
        let mut buffer = [0; RECORD_MAX];
        let record = encode(&entry(b"abcd"), &mut buffer).expect("it is short");
        assert_eq!(record.len(), 24);
        assert_eq!(record[..2], [2, 1]);
        assert_eq!(record[8], 5);
        assert_eq!(record[16..19], [24, 0, 4]);
        assert_eq!(&record[19..], b"abcd\0");
    }

    #[test]
    fn the_longest_name_fits() {
        let mut buffer = [0; RECORD_MAX];
        let name = [b'x'; NAME_MAX + 1];
        assert!(encode(&entry(&name[..NAME_MAX]), &mut buffer).is_some());
        let record = encode(&entry(&name[..4]), &mut [0; RECORD_MAX]).map(<[u8]>::len);
        assert_eq!(record, Some(24));
    }

    #[test]
    fn a_buffer_that_is_too_small_is_an_error() {
        let mut records = Records::new(UserSlice::new(8, 16), 3);
        assert_eq!(records.add(&entry(b"a")), Err(Errno::Invalid));
        assert_eq!((records.filled(), records.next()), (0, 3));
    }
}
