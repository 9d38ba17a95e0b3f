//! What is known of a file, as the application reads it.

use domains::files::{Status, Time, mode};

use super::system::{Kind, Metadata};
use crate::object::status::BLOCK_SIZE;

/// The twelve bits of a mode that are not the kind.
const RIGHTS: u32 = 0o7777;

impl From<&Metadata> for Status {
    fn from(file: &Metadata) -> Status {
        Status {
            device: file.device,
            inode: file.inode,
            links: file.links,
            mode: kind_bits(file.kind) | (file.mode & RIGHTS),
            size: signed(file.size),
            block_size: BLOCK_SIZE,
            blocks: signed(file.blocks),
            accessed: Time::from_nanoseconds(file.accessed),
            modified: Time::from_nanoseconds(file.modified),
            changed: Time::from_nanoseconds(file.changed),
            ..Status::default()
        }
    }
}

const fn kind_bits(kind: Kind) -> u32 {
    match kind {
        Kind::File => mode::FILE,
        Kind::Directory => mode::DIRECTORY,
        Kind::Link => mode::LINK,
        Kind::Device => mode::DEVICE,
        Kind::Other => 0,
    }
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_rights_are_one_word() {
        let file = Metadata {
            kind: Kind::Directory,
            mode: 0o755,
            inode: 7,
            links: 2,
            size: u64::MAX,
            blocks: 0,
            accessed: 0,
            modified: 1_000_000_001,
            changed: 0,
            device: 1,
        };
        let status = Status::from(&file);
        assert_eq!(status.mode, 0o4_0755);
        assert_eq!(status.size, i64::MAX);
        assert_eq!(
            (status.modified.seconds, status.modified.nanoseconds),
            (1, 1)
        );
    }
}
