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
    /// The address is not the caller's (EFAULT).
    BadAddress = 14,
    /// An argument makes no sense (EINVAL).
    Invalid = 22,
    /// No descriptor is free (EMFILE).
    TooManyDescriptors = 24,
    /// The caller would wait for itself (EDEADLK).
    Deadlock = 35,
    /// This machine cannot do it (ENOSYS).
    NotSupported = 38,
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
    fn from(_: MapError) -> Errno {
        Errno::NoMemory
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
