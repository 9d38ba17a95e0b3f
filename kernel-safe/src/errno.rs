//! What the application is told when something fails.
//!
//! The numbers are those of Hermit's ABI. An entry answers with a word: zero
//! or more on success, a negative number of these otherwise.

use domains::errno;
use gate::memory::MapError;
use gate::user::BadAddress;

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum Errno {
    /// Nobody may do that.
    NotPermitted = errno::EPERM,
    /// No file has that name.
    NotFound = errno::ENOENT,
    /// There is no such thread.
    NoThread = errno::ESRCH,
    /// A device failed.
    Device = errno::EIO,
    /// The descriptor is not open for that.
    BadDescriptor = errno::EBADF,
    /// It is not as the caller expected.
    Again = errno::EAGAIN,
    /// Memory or another supply is used up.
    NoMemory = errno::ENOMEM,
    /// It is forbidden, by a file's mode or for a page.
    Denied = errno::EACCES,
    /// The address is not the caller's.
    BadAddress = errno::EFAULT,
    /// Something is mounted there.
    Busy = errno::EBUSY,
    /// The name is taken.
    Exists = errno::EEXIST,
    /// There is no such device.
    NoDevice = errno::ENODEV,
    /// A part of the path is not a directory.
    NotDirectory = errno::ENOTDIR,
    /// It is a directory.
    IsDirectory = errno::EISDIR,
    /// An argument makes no sense.
    Invalid = errno::EINVAL,
    /// No descriptor is free.
    TooManyDescriptors = errno::EMFILE,
    /// A device has nothing to control.
    NotTerminal = errno::ENOTTY,
    /// A file cannot be that large.
    TooBig = errno::EFBIG,
    /// The file system is full.
    NoSpace = errno::ENOSPC,
    /// It has no position.
    NoSeek = errno::ESPIPE,
    /// It cannot be changed.
    ReadOnly = errno::EROFS,
    /// Nobody is there to read what was written.
    BrokenPipe = errno::EPIPE,
    /// The caller would wait for itself.
    Deadlock = errno::EDEADLK,
    /// A name or a path is too long.
    NameTooLong = errno::ENAMETOOLONG,
    /// This machine cannot do it.
    NotSupported = errno::ENOSYS,
    /// A directory has entries.
    NotEmpty = errno::ENOTEMPTY,
    /// Too many symbolic links lead on.
    Loop = errno::ELOOP,
    /// The number is too large for its type.
    Overflow = errno::EOVERFLOW,
    /// It is not a socket.
    NotSocket = errno::ENOTSOCK,
    /// It is not said where to.
    NoDestination = errno::EDESTADDRREQ,
    /// A datagram cannot be that long.
    TooLong = errno::EMSGSIZE,
    /// There is no such option.
    NoOption = errno::ENOPROTOOPT,
    /// It cannot be done to this.
    Unsupported = errno::EOPNOTSUPP,
    /// There are no addresses of that kind.
    NoFamily = errno::EAFNOSUPPORT,
    /// The address is taken.
    AddressInUse = errno::EADDRINUSE,
    /// The address is not this machine's.
    NoAddress = errno::EADDRNOTAVAIL,
    /// There is no network.
    NetworkDown = errno::ENETDOWN,
    /// No way leads there.
    NetworkUnreachable = errno::ENETUNREACH,
    /// A connection ended before it was taken.
    Aborted = errno::ECONNABORTED,
    /// The peer has ended the connection at once.
    Reset = errno::ECONNRESET,
    /// There is no room for it in the network.
    NoBuffers = errno::ENOBUFS,
    /// It is connected.
    Connected = errno::EISCONN,
    /// It is not connected.
    NotConnected = errno::ENOTCONN,
    /// The deadline passed.
    TimedOut = errno::ETIMEDOUT,
    /// Nobody listens there.
    Refused = errno::ECONNREFUSED,
    /// The machine cannot be reached.
    HostUnreachable = errno::EHOSTUNREACH,
    /// It is being connected.
    Already = errno::EALREADY,
    /// It goes on by itself.
    InProgress = errno::EINPROGRESS,
}

impl Errno {
    /// What the cell `net` may give as a reason.
    const OF_NETWORK: [Errno; 27] = [
        Errno::BadDescriptor,
        Errno::Again,
        Errno::NoMemory,
        Errno::Denied,
        Errno::Invalid,
        Errno::BrokenPipe,
        Errno::NoDestination,
        Errno::TooLong,
        Errno::NoOption,
        Errno::Unsupported,
        Errno::NoFamily,
        Errno::AddressInUse,
        Errno::NoAddress,
        Errno::NetworkDown,
        Errno::NetworkUnreachable,
        Errno::Aborted,
        Errno::Reset,
        Errno::NoBuffers,
        Errno::Connected,
        Errno::NotConnected,
        Errno::TimedOut,
        Errno::Refused,
        Errno::HostUnreachable,
        Errno::Already,
        Errno::InProgress,
        Errno::NotPermitted,
        Errno::NoDevice,
    ];

    /// The reason with this number, if the cell `net` may give it.
    pub fn of_network(number: i64) -> Option<Errno> {
        let mut all = Errno::OF_NETWORK.into_iter();
        all.find(|errno| *errno as i64 == number)
    }
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
