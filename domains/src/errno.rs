//! The numbers of errors, positive. They are those of Hermit's ABI, and of Linux;
//! an answer is negative where it is an error.

/// Nobody may do that.
pub const EPERM: i64 = 1;
/// No file has that name.
pub const ENOENT: i64 = 2;
/// There is no such thread.
pub const ESRCH: i64 = 3;
/// A device failed.
pub const EIO: i64 = 5;
/// The descriptor is not open for that.
pub const EBADF: i64 = 9;
/// It is not as the caller expected.
pub const EAGAIN: i64 = 11;
/// Memory or another supply is used up.
pub const ENOMEM: i64 = 12;
/// It is forbidden, by a file's mode or for a page.
pub const EACCES: i64 = 13;
/// The address is not the caller's.
pub const EFAULT: i64 = 14;
/// Something is mounted there.
pub const EBUSY: i64 = 16;
/// The name is taken.
pub const EEXIST: i64 = 17;
/// There is no such device.
pub const ENODEV: i64 = 19;
/// A part of the path is not a directory.
pub const ENOTDIR: i64 = 20;
/// It is a directory.
pub const EISDIR: i64 = 21;
/// An argument makes no sense.
pub const EINVAL: i64 = 22;
/// No descriptor is free.
pub const EMFILE: i64 = 24;
/// A device has nothing to control.
pub const ENOTTY: i64 = 25;
/// A file cannot be that large.
pub const EFBIG: i64 = 27;
/// The file system is full.
pub const ENOSPC: i64 = 28;
/// It has no position.
pub const ESPIPE: i64 = 29;
/// It cannot be changed.
pub const EROFS: i64 = 30;
/// Nobody is there to read what was written.
pub const EPIPE: i64 = 32;
/// The caller would wait for itself.
pub const EDEADLK: i64 = 35;
/// A name or a path is too long.
pub const ENAMETOOLONG: i64 = 36;
/// This machine cannot do it.
pub const ENOSYS: i64 = 38;
/// A directory has entries.
pub const ENOTEMPTY: i64 = 39;
/// Too many symbolic links lead on.
pub const ELOOP: i64 = 40;
/// The number is too large for its type.
pub const EOVERFLOW: i64 = 75;
/// It is not a socket.
pub const ENOTSOCK: i64 = 88;
/// It is not said where to.
pub const EDESTADDRREQ: i64 = 89;
/// A datagram cannot be that long.
pub const EMSGSIZE: i64 = 90;
/// There is no such option.
pub const ENOPROTOOPT: i64 = 92;
/// It cannot be done to this.
pub const EOPNOTSUPP: i64 = 95;
/// There are no addresses of that kind.
pub const EAFNOSUPPORT: i64 = 97;
/// The address is taken.
pub const EADDRINUSE: i64 = 98;
/// The address is not this machine's.
pub const EADDRNOTAVAIL: i64 = 99;
/// There is no network.
pub const ENETDOWN: i64 = 100;
/// No way leads there.
pub const ENETUNREACH: i64 = 101;
/// A connection ended before it was taken.
pub const ECONNABORTED: i64 = 103;
/// The peer has ended the connection at once.
pub const ECONNRESET: i64 = 104;
/// There is no room for it in the network.
pub const ENOBUFS: i64 = 105;
/// It is connected.
pub const EISCONN: i64 = 106;
/// It is not connected.
pub const ENOTCONN: i64 = 107;
/// The deadline passed.
pub const ETIMEDOUT: i64 = 110;
/// Nobody listens there.
pub const ECONNREFUSED: i64 = 111;
/// The machine cannot be reached.
pub const EHOSTUNREACH: i64 = 113;
/// It is being connected.
pub const EALREADY: i64 = 114;
/// It goes on by itself.
pub const EINPROGRESS: i64 = 115;
