//! Descriptors: input, output, and what can be asked of them.
//!
//! The safe kernel owns the descriptors and what they are open to.

use core::ffi::c_void;
use core::mem::offset_of;

use domains::files::{Status, mode};
use gate::safe;
use hermit_abi::{
    EINVAL, ENOTTY, F_DUPFD, F_GETFD, F_GETFL, F_SETFD, F_SETFL, FIONBIO, O_NONBLOCK, S_IFCHR,
    S_IFDIR, S_IFLNK, S_IFREG, iovec, stat,
};

use crate::errno::{fail, reply, reply32};
use crate::export::export;
use crate::own;

/// Why `descriptor` is no good: `other` if it is open, EBADF if it is not.
pub(crate) fn error_of(descriptor: i32, other: i32) -> i32 {
    // SAFETY: the call takes no address.
    match unsafe { safe::describe(descriptor) } {
        error if error < 0 => error.wrapping_neg() as i32,
        _ => other,
    }
}

/// Serves `fcntl` for a descriptor that is open.
///
/// Nothing executes other programs, so the close-on-exec flag has no meaning.
fn control(descriptor: i32, command: i32, argument: i32) -> i32 {
    match command {
        // SAFETY: the call takes no address.
        F_DUPFD => reply32(unsafe { safe::duplicate_from(descriptor, argument) }),
        F_GETFD | F_SETFD => 0,
        // SAFETY: the call takes no address.
        F_GETFL => reply32(unsafe { safe::flags(descriptor) }),
        // SAFETY: the call takes no address.
        F_SETFL => reply32(unsafe { safe::set_flags(descriptor, argument as u32) }),
        _ => fail(EINVAL),
    }
}

/// Has reads and writes of a descriptor wait if the word at `fails` is zero,
/// and fail otherwise.
fn set_patience(descriptor: i32, fails: *const i32) -> i32 {
    let nonblock = match own::read(fails) {
        Ok(0) => 0,
        Ok(_) => O_NONBLOCK,
        Err(error) => return fail(error),
    };
    // SAFETY: the call takes no address.
    let flags = reply32(unsafe { safe::flags(descriptor) });
    if flags < 0 {
        return flags;
    }
    let flags = flags & !O_NONBLOCK | nonblock;
    // SAFETY: the call takes no address.
    reply32(unsafe { safe::set_flags(descriptor, flags as u32) })
}

export! {
    /// Reads at most `size` bytes.
    #[abi(kernel, [EAGAIN, EBADF, EFAULT, EINVAL, EISDIR, EIO])]
    fn sys_read(descriptor: i32, buffer: *mut u8, size: usize) -> isize {
        // SAFETY: the caller gave a buffer of that size.
        reply(unsafe { safe::read(descriptor, buffer.expose_provenance(), size) })
    }

    /// Writes at most `size` bytes.
    #[abi(kernel, [EAGAIN, EBADF, EFAULT, EFBIG, EINVAL, EIO, ENOSPC])]
    fn sys_write(descriptor: i32, buffer: *const u8, size: usize) -> isize {
        // SAFETY: the caller gave a buffer of that size.
        reply(unsafe { safe::write(descriptor, buffer.expose_provenance(), size) })
    }

    /// Reads to several buffers.
    #[abi(kernel, [EBADF, EFAULT, EINVAL, EISDIR, EIO])]
    fn sys_readv(descriptor: i32, vector: *const iovec, count: usize) -> isize {
        // SAFETY: the caller gave that many buffers.
        reply(unsafe { safe::read_vector(descriptor, vector.expose_provenance(), count) })
    }

    /// Writes from several buffers.
    #[abi(kernel, [EBADF, EFAULT, EINVAL, EFBIG, ENOSPC, EIO], "A file takes all buffers as one write.")]
    fn sys_writev(descriptor: i32, vector: *const iovec, count: usize) -> isize {
        // SAFETY: the caller gave that many buffers.
        reply(unsafe { safe::write_vector(descriptor, vector.expose_provenance(), count) })
    }

    /// Closes a descriptor.
    #[abi(kernel, [EBADF])]
    fn sys_close(descriptor: i32) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::close(descriptor) })
    }

    /// Duplicates a descriptor.
    #[abi(kernel, [EBADF, EMFILE, ENOMEM])]
    fn sys_dup(descriptor: i32) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::duplicate(descriptor) })
    }

    /// Describes what is open.
    #[abi(kernel, [EBADF, EFAULT, EIO])]
    fn sys_fstat(descriptor: i32, description: *mut stat) -> i32 {
        // SAFETY: the caller gave a place for the description.
        reply32(unsafe { safe::status(descriptor, description.expose_provenance()) })
    }

    /// Moves the position of a file; where it is then.
    #[abi(kernel, [EBADF, EINVAL, EOVERFLOW, ESPIPE])]
    fn sys_lseek(descriptor: i32, offset: isize, whence: i32) -> isize {
        // SAFETY: the call takes no address.
        reply(unsafe { safe::seek(descriptor, offset as i64, whence) })
    }

    /// Controls what is open: whether reads and writes wait.
    #[abi(kernel, [EBADF, EFAULT, ENOTTY], "`FIONBIO` works for every descriptor; there is no other command.")]
    fn sys_ioctl(descriptor: i32, command: i32, argument: *mut c_void) -> i32 {
        match error_of(descriptor, 0) {
            0 if command == FIONBIO => set_patience(descriptor, argument.cast()),
            0 => fail(ENOTTY),
            error => fail(error),
        }
    }

    /// Controls a descriptor.
    #[abi(kernel, [EBADF, EINVAL, EMFILE, ENOMEM])]
    fn sys_fcntl(descriptor: i32, command: i32, argument: i32) -> i32 {
        match error_of(descriptor, 0) {
            0 => control(descriptor, command, argument),
            error => fail(error),
        }
    }
}

/// The kernel writes `stat` as the ABI has it.
const _: () = {
    assert!(size_of::<stat>() == size_of::<Status>());
    assert!(offset_of!(stat, st_ino) == offset_of!(Status, inode));
    assert!(offset_of!(stat, st_mode) == offset_of!(Status, mode));
    assert!(offset_of!(stat, st_size) == offset_of!(Status, size));
    assert!(offset_of!(stat, st_blocks) == offset_of!(Status, blocks));
    assert!(offset_of!(stat, st_mtim) == offset_of!(Status, modified));
    assert!(offset_of!(stat, st_ctim) == offset_of!(Status, changed));
    assert!(S_IFREG == mode::FILE && S_IFDIR == mode::DIRECTORY);
    assert!(S_IFCHR == mode::DEVICE && S_IFLNK == mode::LINK);
};
