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
/// It cannot be done to this.
pub const EOPNOTSUPP: i64 = 95;
/// The deadline passed.
pub const ETIMEDOUT: i64 = 110;
