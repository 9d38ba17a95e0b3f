//! Descriptors: input, output, and what can be asked of them.
//!
//! The safe kernel owns the descriptors; those it has so far are character
//! devices. Vectors of buffers are taken apart here, one call a buffer.

use core::ffi::c_void;
use core::slice;

use gate::{clock, safe};
use hermit_abi::{
    EFAULT, EINVAL, ENOTTY, ESPIPE, F_DUPFD, F_GETFD, F_GETFL, F_SETFD, F_SETFL, IOV_MAX,
    O_RDWR, POLLNVAL, S_IFCHR, iovec, nfds_t, pollfd, stat,
};

use crate::errno::{fail, reply, reply32};
use crate::export::export;

/// How often a poll that waits looks again, in nanoseconds: the kernel cannot
/// wait for several descriptors at once yet.
const POLL_INTERVAL: u64 = 1_000_000;
/// What a device's mode says besides its kind: all may read and write.
const DEVICE_MODE: u32 = S_IFCHR | 0o666;
/// The best size of a transfer.
const BLOCK_SIZE: i64 = 4096;

/// Why `descriptor` is no good: `other` if it is open, EBADF if it is not.
pub(crate) fn error_of(descriptor: i32, other: i32) -> i32 {
    // SAFETY: the call takes no address.
    match unsafe { safe::describe(descriptor) } {
        error if error < 0 => error.wrapping_neg() as i32,
        _ => other,
    }
}

/// Transfers buffer after buffer, until one is not done in full.
///
/// # Safety
///
/// `vector` points to `count` valid buffers.
unsafe fn transfer(
    vector: *const iovec,
    count: usize,
    one: impl Fn(usize, usize) -> i64,
) -> isize {
    if count > IOV_MAX {
        return fail(EINVAL) as isize;
    }
    if vector.is_null() && count > 0 {
        return fail(EFAULT) as isize;
    }
    let buffers = if count == 0 {
        &[]
    } else {
        // SAFETY: forwarded to the caller.
        unsafe { slice::from_raw_parts(vector, count) }
    };
    reply(transfer_all(buffers, one))
}

/// How many bytes were transferred, or the error of the first transfer.
fn transfer_all(buffers: &[iovec], one: impl Fn(usize, usize) -> i64) -> i64 {
    let mut total = 0;
    for buffer in buffers.iter().filter(|buffer| buffer.iov_len > 0) {
        let done = one(buffer.iov_base.expose_provenance(), buffer.iov_len);
        if done < 0 {
            return if total > 0 { total } else { done };
        }
        total += done;
        if done as usize != buffer.iov_len {
            break;
        }
    }
    total
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

/// A character device, as `fstat` shows it.
fn device() -> stat {
    stat {
        st_nlink: 1,
        st_mode: DEVICE_MODE,
        st_blksize: BLOCK_SIZE,
        ..stat::default()
    }
}

/// Serves `fcntl` for a descriptor that is open.
///
/// Nothing executes other programs, so the close-on-exec flag has no meaning.
fn control(descriptor: i32, command: i32, argument: i32) -> i32 {
    match command {
        // SAFETY: the call takes no address.
        F_DUPFD => reply32(unsafe { safe::duplicate(descriptor) }),
        F_GETFD | F_SETFD => 0,
        F_GETFL => O_RDWR,
        F_SETFL if argument == O_RDWR || argument == 0 => 0,
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
    fn sys_readv(descriptor: i32, vector: *const iovec, count: usize) -> isize {
        // SAFETY: forwarded to the caller.
        let one = |address, size| unsafe { safe::read(descriptor, address, size) };
        // SAFETY: forwarded to the caller.
        unsafe { transfer(vector, count, one) }
    }

    /// Writes from several buffers.
    fn sys_writev(descriptor: i32, vector: *const iovec, count: usize) -> isize {
        // SAFETY: forwarded to the caller.
        let one = |address, size| unsafe { safe::write(descriptor, address, size) };
        // SAFETY: forwarded to the caller.
        unsafe { transfer(vector, count, one) }
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

    /// Describes a descriptor.
    fn sys_fstat(descriptor: i32, description: *mut stat) -> i32 {
        match error_of(descriptor, 0) {
            0 if description.is_null() => fail(EFAULT),
            0 => {
                // SAFETY: the caller gave a place for the description.
                unsafe { description.write(device()) };
                0
            }
            error => fail(error),
        }
    }

    /// Moves the position, which a device does not have.
    fn sys_lseek(descriptor: i32, _offset: isize, _whence: i32) -> isize {
        fail(error_of(descriptor, ESPIPE)) as isize
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

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::ptr;

    use super::*;

    fn buffer(size: usize) -> iovec {
        iovec {
            iov_base: ptr::without_provenance_mut(0x1000),
            iov_len: size,
        }
    }

    #[test]
    fn a_vector_ends_where_a_transfer_is_short() {
        let calls = Cell::new(0);
        let one = |_, size: usize| {
            calls.set(calls.get() + 1);
            size.min(5) as i64
        };
        let vector = [buffer(5), buffer(0), buffer(7), buffer(5)];
        assert_eq!(transfer_all(&vector, one), 10);
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn an_error_counts_only_before_the_first_byte() {
        let one = |_, size: usize| if size == 3 { 3 } else { -9 };
        assert_eq!(transfer_all(&[buffer(3), buffer(4)], one), 3);
        assert_eq!(transfer_all(&[buffer(4), buffer(3)], one), -9);
    }
}
