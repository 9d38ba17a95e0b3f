//! Event counters, and waiting for several descriptors at once.

use gate::safe;
use hermit_abi::{nfds_t, pollfd};

use crate::errno::reply32;
use crate::export::export;

/// Nanoseconds of a limit in milliseconds; a negative one is none.
fn limit(milliseconds: i32) -> u64 {
    u64::try_from(milliseconds).map_or(safe::FOREVER, |limit| limit * 1_000_000)
}

export! {
    /// Opens an event counter of `value`.
    #[abi(kernel, [EINVAL, EMFILE, ENOMEM])]
    fn sys_eventfd(value: u64, flags: i16) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::open_counter(value, u32::from(flags as u16)) })
    }

    /// Waits until one of the descriptors has events, at most `timeout`
    /// milliseconds unless that is negative; how many have some.
    #[abi(kernel, [EFAULT, EINVAL, ENOMEM], "More than 65536 descriptors are EINVAL.")]
    fn sys_poll(descriptors: *mut pollfd, count: nfds_t, timeout: i32) -> i32 {
        let list = descriptors.expose_provenance();
        // SAFETY: the caller gave that many.
        reply32(unsafe { safe::poll(list, count, limit(timeout)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_limit_is_none() {
        assert_eq!(limit(-1), safe::FOREVER);
        assert_eq!(limit(i32::MIN), safe::FOREVER);
        assert_eq!(limit(0), 0);
        assert_eq!(limit(i32::MAX), 2_147_483_647_000_000);
    }
}
