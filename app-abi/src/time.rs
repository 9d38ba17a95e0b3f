//! Clocks and sleeping.
//!
//! Reading a clock crosses no gate: the info pages say how to turn the
//! time-stamp counter into nanoseconds.

use gate::{clock, safe};
use hermit_abi::{CLOCK_MONOTONIC, CLOCK_REALTIME, EFAULT, EINVAL, clockid_t, timespec};

use crate::errno::{fail, reply32};
use crate::export::export;
use crate::own;

const SECOND: u64 = 1_000_000_000;

/// The nanoseconds of `time`; none if it is negative or not a valid one. What
/// 64 bits cannot hold is for ever.
pub(crate) fn nanoseconds(time: &timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let rest = u64::try_from(time.tv_nsec).ok()?;
    let total = seconds.saturating_mul(SECOND).saturating_add(rest);
    (rest < SECOND).then_some(total)
}

/// The time of `nanoseconds`.
fn timespec(nanoseconds: u64) -> timespec {
    timespec {
        tv_sec: (nanoseconds / SECOND) as i64,
        tv_nsec: (nanoseconds % SECOND) as i32,
    }
}

export! {
    /// Reads a clock.
    #[abi(here, [EINVAL, EFAULT], "Nanoseconds, where Hermit counts microseconds.")]
    fn sys_clock_gettime(clock: clockid_t, time: *mut timespec) -> i32 {
        let now = match clock {
            CLOCK_REALTIME => clock::realtime_ns(),
            CLOCK_MONOTONIC => clock::monotonic_ns(),
            _ => return fail(EINVAL),
        };
        if !own::is_own(time) {
            return fail(EFAULT);
        }
        // SAFETY: the caller gave a place for the time, in its own region.
        unsafe { time.write_unaligned(timespec(now)) };
        0
    }

    /// Sleeps for at least `microseconds`.
    #[abi(kernel, [], "Never spins, however short the time.")]
    fn sys_usleep(microseconds: u64) {
        // SAFETY: the call takes no address.
        unsafe { safe::sleep(microseconds.saturating_mul(1000)) };
    }

    /// Sleeps for at least `duration`.
    #[abi(kernel, [EINVAL, EFAULT])]
    fn sys_nanosleep(duration: *const timespec) -> i32 {
        match own::read(duration).map(|duration| nanoseconds(&duration)) {
            // SAFETY: the call takes no address.
            Ok(Some(duration)) => reply32(unsafe { safe::sleep(duration) }),
            Ok(None) => fail(EINVAL),
            Err(error) => fail(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tv_sec: i64, tv_nsec: i32) -> timespec {
        timespec { tv_sec, tv_nsec }
    }

    #[test]
    fn nanoseconds_outside_a_second_make_no_time() {
        assert_eq!(nanoseconds(&time(2, 5)), Some(2_000_000_005));
        for bad in [time(0, -1), time(0, 1_000_000_000), time(-1, 0)] {
            assert_eq!(nanoseconds(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn more_than_five_centuries_are_for_ever() {
        assert_eq!(nanoseconds(&time(i64::MAX, 0)), Some(safe::FOREVER));
    }

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        let now = 1_790_000_000_123_456_789;
        assert_eq!(nanoseconds(&timespec(now)), Some(now));
    }
}
