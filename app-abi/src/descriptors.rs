//! Descriptors: input, output, and what can be asked of them.
//!
//! The safe kernel owns the descriptors and what they are open to.

use core::ffi::c_void;
use core::mem::offset_of;
use core::slice;

use domains::files::{Status, mode};
use gate::{clock, safe};
use hermit_abi::{
    EFAULT, EINVAL, ENOTTY, F_DUPFD, F_GETFD, F_GETFL, F_SETFD, F_SETFL, POLLNVAL, S_IFCHR,
    S_IFDIR, S_IFLNK, S_IFREG, iovec, nfds_t, pollfd, stat,
};

use crate::errno::{fail, reply, reply32};
use crate::export::export;

/// How often a poll that waits looks again, in nanoseconds: the kernel cannot
/// wait for several descriptors at once yet.
const POLL_INTERVAL: u64 = 1_000_000;

/// Why `descriptor` is no good: `other` if it is open, EBADF if it is not.
pub(crate) fn error_of(descriptor: i32, other: i32) -> i32 {
    // SAFETY: the call takes no address.
    match unsafe { safe::describe(descriptor) } {
        error if error < 0 => error.wrapping_neg() as i32,
        _ => other,
    }
}

/// Looks at each descriptor once; how many have events.
fn poll_once(descriptors: &mut [pollfd]) -> i32 {
    let mut ready = 0;
    for descriptor in descriptors {
        descriptor.revents = events_of(descriptor);
        ready += i32::from(descriptor.revents != 0);
    }
    ready
}

fn events_of(descriptor: &pollfd) -> i16 {
    if descriptor.fd < 0 {
        return 0;
    }
    let wanted = u32::from(descriptor.events as u16);
    // SAFETY: the call takes no address.
    let events = unsafe { safe::poll(descriptor.fd, wanted) };
    i16::try_from(events)
        .ok()
        .filter(|events| *events >= 0)
        .unwrap_or(POLLNVAL)
}

/// Looks until there are events or `timeout` milliseconds are over; negative
/// is for ever.
fn poll(descriptors: &mut [pollfd], timeout: i32) -> i32 {
    let start = clock::monotonic_ns();
    let limit = u64::try_from(timeout).map_or(safe::FOREVER, |limit| limit * 1_000_000);
    loop {
        let ready = poll_once(descriptors);
        let over = clock::monotonic_ns().wrapping_sub(start);
        if ready > 0 || over >= limit {
            return ready;
        }
        // SAFETY: the call takes no address.
        unsafe { safe::sleep(POLL_INTERVAL.min(limit - over)) };
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

export! {
    /// Reads at most `size` bytes.
    fn sys_read(descriptor: i32, buffer: *mut u8, size: usize) -> isize {
        // SAFETY: the caller gave a buffer of that size.
        reply(unsafe { safe::read(descriptor, buffer.expose_provenance(), size) })
    }

    /// Writes at most `size` bytes.
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
    fn sys_close(descriptor: i32) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::close(descriptor) })
    }

    /// Duplicates a descriptor.
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

    /// Controls a device, of which none has anything to control.
    fn sys_ioctl(descriptor: i32, _command: i32, _argument: *mut c_void) -> i32 {
        fail(error_of(descriptor, ENOTTY))
    }

    /// Controls a descriptor.
    fn sys_fcntl(descriptor: i32, command: i32, argument: i32) -> i32 {
        match error_of(descriptor, 0) {
            0 => control(descriptor, command, argument),
            error => fail(error),
        }
    }

    /// Waits until one of the descriptors has events; how many have.
    fn sys_poll(descriptors: *mut pollfd, count: nfds_t, timeout: i32) -> i32 {
        if count == 0 {
            return poll(&mut [], timeout);
        }
        if descriptors.is_null() {
            return fail(EFAULT);
        }
        // SAFETY: the caller gave that many.
        poll(unsafe { slice::from_raw_parts_mut(descriptors, count) }, timeout)
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
