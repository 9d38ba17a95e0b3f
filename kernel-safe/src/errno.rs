//! What the application is told when something fails.
//!
//! The numbers are those of Hermit's ABI. An entry answers with a word: zero
//! or more on success, a negative number of these otherwise.

use gate::memory::MapError;
use gate::user::BadAddress;

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum Errno {
    /// Nobody may do that (EPERM).
    NotPermitted = 1,
    /// No file has that name (ENOENT).
    NotFound = 2,
    /// There is no such thread (ESRCH).
    NoThread = 3,
    /// A device failed (EIO).
    Device = 5,
    /// The descriptor is not open for that (EBADF).
    BadDescriptor = 9,
    /// It is not as the caller expected (EAGAIN).
    Again = 11,
    /// Memory or another supply is used up (ENOMEM).
    NoMemory = 12,
    /// It is forbidden, by a file's mode or for a page (EACCES).
    Denied = 13,
    /// The address is not the caller's (EFAULT).
    BadAddress = 14,
    /// Something is mounted there (EBUSY).
    Busy = 16,
    /// The name is taken (EEXIST).
    Exists = 17,
    /// A part of the path is not a directory (ENOTDIR).
    NotDirectory = 20,
    /// It is a directory (EISDIR).
    IsDirectory = 21,
    /// An argument makes no sense (EINVAL).
    Invalid = 22,
    /// No descriptor is free (EMFILE).
    TooManyDescriptors = 24,
    /// A device has nothing to control (ENOTTY).
    NotTerminal = 25,
    /// A file cannot be that large (EFBIG).
    TooBig = 27,
    /// The file system is full (ENOSPC).
    NoSpace = 28,
    /// It has no position (ESPIPE).
    NoSeek = 29,
    /// It cannot be changed (EROFS).
    ReadOnly = 30,
    /// The caller would wait for itself (EDEADLK).
    Deadlock = 35,
    /// A name or a path is too long (ENAMETOOLONG).
    NameTooLong = 36,
    /// This machine cannot do it (ENOSYS).
    NotSupported = 38,
    /// A directory has entries (ENOTEMPTY).
    NotEmpty = 39,
    /// Too many symbolic links lead on (ELOOP).
    Loop = 40,
    /// The number is too large for its type (EOVERFLOW).
    Overflow = 75,
    /// It cannot be done to this (EOPNOTSUPP).
    Unsupported = 95,
    /// The deadline passed (ETIMEDOUT).
    TimedOut = 110,
}

/// What an entry answers.
pub type Answer = Result<i64, Errno>;

/// The answer as the word that goes through the gate.
#[inline(always)]
pub fn word(answer: Answer) -> i64 {
    match answer {
        Ok(value) => value,
        Err(errno) => (errno as i64).wrapping_neg(),
    }
}

/// A count as an answer.
pub fn count(count: usize) -> Answer {
    i64::try_from(count).map_err(|_| Errno::Invalid)
}

impl From<BadAddress> for Errno {
    fn from(_: BadAddress) -> Errno {
        Errno::BadAddress
    }
}

impl From<MapError> for Errno {
    fn from(error: MapError) -> Errno {
        match error {
            MapError::NoMemory | MapError::BadRange => Errno::NoMemory,
            MapError::Denied => Errno::Denied,
        }
    }
}

impl From<alloc::collections::TryReserveError> for Errno {
    fn from(_: alloc::collections::TryReserveError) -> Errno {
        Errno::NoMemory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_negative_numbers() {
        assert_eq!(word(Ok(7)), 7);
        assert_eq!(word(Err(Errno::TimedOut)), -110);
        assert_eq!(count(3), Ok(3));
        assert_eq!(count(usize::MAX), Err(Errno::Invalid));
    }
}
