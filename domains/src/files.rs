//! What the kernel tells an application of a file, byte for byte.
//!
//! The layouts are those of Hermit's ABI (`stat` and `dirent64`); the crate
//! `app-abi` compares them with the ABI's own types when it is compiled.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A point in time.
#[repr(C)]
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Time {
    /// Seconds since 1970.
    pub seconds: i64,
    /// And nanoseconds, below a second.
    pub nanoseconds: i32,
    /// Zero.
    pub reserved: u32,
}

/// What is known of a file: `stat`.
#[repr(C)]
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Status {
    /// The number of its file system.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
    /// Kind and rights: a value of [`mode`] and twelve bits.
    pub mode: u32,
    /// Its owner: zero, there is only one user.
    pub user: u32,
    /// Its group: zero.
    pub group: u32,
    /// Zero.
    pub reserved: u32,
    /// Which device it is, if it is one.
    pub special: u64,
    /// Its size in bytes.
    pub size: i64,
    /// The best size of a transfer.
    pub block_size: i64,
    /// How many blocks of 512 bytes it occupies.
    pub blocks: i64,
    /// When it was read.
    pub accessed: Time,
    /// When it was written.
    pub modified: Time,
    /// When it or its metadata changed.
    pub changed: Time,
}

/// The bits of [`Status::mode`] that say what a file is.
pub mod mode {
    /// A character device.
    pub const DEVICE: u32 = 0o2_0000;
    /// A directory.
    pub const DIRECTORY: u32 = 0o4_0000;
    /// A regular file.
    pub const FILE: u32 = 0o10_0000;
    /// A symbolic link.
    pub const LINK: u32 = 0o12_0000;
}

/// The head of an entry of a directory: `dirent64` up to the name, which ends
/// with a zero byte. Entries begin at multiples of eight.
pub mod entry {
    /// Bytes before the name.
    pub const HEAD: usize = 19;
    /// Bytes that an entry's size is a multiple of.
    pub const ALIGN: usize = 8;
    /// What the file is: unknown.
    pub const UNKNOWN: u8 = 0;
    /// A character device.
    pub const DEVICE: u8 = 2;
    /// A directory.
    pub const DIRECTORY: u8 = 4;
    /// A regular file.
    pub const FILE: u8 = 8;
    /// A symbolic link.
    pub const LINK: u8 = 10;
}

impl Time {
    /// The point `nanoseconds` after the beginning of 1970.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Time {
        const SECOND: u64 = 1_000_000_000;
        Time {
            seconds: (nanoseconds / SECOND) as i64,
            nanoseconds: (nanoseconds % SECOND) as i32,
            reserved: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_seconds_and_a_rest() {
        let time = Time::from_nanoseconds(2_000_000_005);
        assert_eq!((time.seconds, time.nanoseconds), (2, 5));
        assert!(Time::from_nanoseconds(u64::MAX).nanoseconds < 1_000_000_000);
    }
}
