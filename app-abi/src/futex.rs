//! Waiting for a word to change.

use core::sync::atomic::{AtomicU32, Ordering};

use gate::safe;
use hermit_abi::{EAGAIN, EFAULT, EINVAL, FUTEX_RELATIVE_TIMEOUT, timespec};

use crate::errno::{fail, reply32};
use crate::export::export;
use crate::own;
use crate::time::nanoseconds;

/// Why no futex can be at `address`; none if one can.
fn no_futex(address: *mut u32) -> Option<i32> {
    if address.is_null() || !address.is_aligned() {
        return Some(EINVAL);
    }
    (!own::is_own(address)).then_some(EFAULT)
}

/// The deadline that `timeout` names; none if it is not a time.
///
/// # Safety
///
/// `timeout` is null or points to a time.
unsafe fn deadline(timeout: *const timespec) -> Option<u64> {
    // SAFETY: forwarded to the caller.
    match unsafe { timeout.as_ref() } {
        Some(timeout) => nanoseconds(timeout),
        None => Some(safe::FOREVER),
    }
}

/// The safe kernel's flags for those of the ABI; none if one is unknown.
fn flags(flags: u32) -> Option<u32> {
    match flags {
        0 => Some(0),
        FUTEX_RELATIVE_TIMEOUT => Some(safe::futex::RELATIVE),
        _ => None,
    }
}

export! {
    /// Sleeps until woken at `address`, if the word there is `expected`, but
    /// not beyond `timeout`.
    #[abi(both, [EAGAIN, EFAULT, EINVAL, ETIMEDOUT])]
    fn sys_futex_wait(
        address: *mut u32,
        expected: u32,
        timeout: *const timespec,
        options: u32,
    ) -> i32 {
        if let Some(error) = no_futex(address) {
            return fail(error);
        }
        if !timeout.is_null() && !own::is_own(timeout) {
            return fail(EFAULT);
        }
        // SAFETY: the caller gave a time or null.
        let deadline = unsafe { deadline(timeout) };
        let (Some(deadline), Some(flags)) = (deadline, flags(options)) else {
            return fail(EINVAL);
        };
        // SAFETY: the caller gave a word; it is aligned.
        let word = unsafe { AtomicU32::from_ptr(address) };
        if word.load(Ordering::Relaxed) != expected {
            return fail(EAGAIN);
        }
        let address = address.expose_provenance();
        // SAFETY: the safe kernel loads the word atomically.
        reply32(unsafe { safe::futex_wait(address, expected, deadline, flags) })
    }

    /// Wakes at most `count` sleepers at `address`; how many.
    #[abi(kernel, [EFAULT, EINVAL])]
    fn sys_futex_wake(address: *mut u32, count: i32) -> i32 {
        if let Some(error) = no_futex(address) {
            return fail(error);
        }
        if count < 0 {
            return fail(EINVAL);
        }
        // SAFETY: the address is only compared.
        reply32(unsafe { safe::futex_wake(address.expose_provenance(), count) })
    }
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::*;

    #[test]
    fn unknown_flags_are_refused() {
        assert_eq!(flags(0), Some(0));
        assert_eq!(flags(FUTEX_RELATIVE_TIMEOUT), Some(safe::futex::RELATIVE));
        assert_eq!(flags(2), None);
    }

    #[test]
    fn no_timeout_is_for_ever_and_a_bad_one_is_none() {
        // SAFETY: null, or a reference.
        assert_eq!(unsafe { deadline(ptr::null()) }, Some(safe::FOREVER));
        let bad = timespec {
            tv_sec: 0,
            tv_nsec: -5,
        };
        // SAFETY: as above.
        assert_eq!(unsafe { deadline(&raw const bad) }, None);
    }
}
