//! For what something is opened, as Hermit's ABI numbers it.

use crate::errno::Errno;

/// To be read.
pub const READ_ONLY: u32 = 0;
/// To be written.
pub const WRITE_ONLY: u32 = 1;
/// To be read and written.
pub const READ_WRITE: u32 = 2;
/// It is made if it is not there.
pub const CREATE: u32 = 0o100;
/// It must not be there.
pub const EXCLUSIVE: u32 = 0o200;
/// What it holds is cut off.
pub const TRUNCATE: u32 = 0o1000;
/// Every write goes to the end.
pub const APPEND: u32 = 0o2000;
/// Nobody waits.
pub const NONBLOCK: u32 = 0o4000;
/// It must be a directory.
pub const DIRECTORY: u32 = 0o20_0000;

/// What something is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// To be read, or listed.
    pub read: bool,
    /// To be written.
    pub write: bool,
}

/// The bits that say what it is opened for.
const ACCESS: u32 = 3;

/// What the flags of something open allow.
#[inline]
pub fn access(flags: u32) -> Access {
    let access = flags & ACCESS;
    Access {
        read: access == READ_ONLY || access == READ_WRITE,
        write: access == WRITE_ONLY || access == READ_WRITE,
    }
}

/// The flags that the application gave. Those that are unknown are forgotten,
/// as everywhere.
///
/// # Errors
///
/// They ask for nothing, or for things that exclude each other.
pub fn check(flags: u32) -> Result<u32, Errno> {
    let known = ACCESS | CREATE | EXCLUSIVE | TRUNCATE | APPEND | NONBLOCK | DIRECTORY;
    let access = access(flags);
    let both = CREATE | DIRECTORY;
    if !(access.read || access.write) || flags & both == both {
        return Err(Errno::Invalid);
    }
    Ok(flags & known)
}

/// What of `flags` stays with what is open.
pub fn kept(flags: u32) -> u32 {
    flags & (ACCESS | APPEND | NONBLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bits_say_what_a_file_is_opened_for() {
        for (flags, read, write) in [(0, true, false), (1, false, true), (2, true, true)] {
            assert_eq!(access(flags | APPEND), Access { read, write });
        }
        assert_eq!(check(3), Err(Errno::Invalid));
        assert_eq!(check(CREATE | DIRECTORY), Err(Errno::Invalid));
        assert_eq!(check(WRITE_ONLY | 1 << 30), Ok(WRITE_ONLY));
        assert_eq!(kept(WRITE_ONLY | CREATE | APPEND), WRITE_ONLY | APPEND);
    }
}
