//! When the one timer of a CPU is to fire next.
//!
//! The safe kernel sets a deadline. Beside it the core wants to look in now and
//! then while ring 3 runs, or a driver that never returns would stop the
//! machine; and shortly, while an event waits for a kernel to leave: a tick may
//! fall between a gate's last look at the pending bits and the WRPKRU that lets
//! the application run.

/// How soon the core looks again while an event waits.
pub(crate) const GUARD_NS: u64 = 100_000;
/// Nothing comes after so long.
pub(crate) const NEVER: u64 = u64::MAX;

/// What the CPU does until the timer fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Until {
    /// Runs ring 3.
    Run,
    /// Runs a kernel that has an event to handle.
    Guard,
    /// Sleeps.
    Idle,
}

/// When the safe kernel wants an event: so long after the counter was at
/// `since`, by the safe kernel's own reckoning of the counter's rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Deadline {
    /// The time-stamp counter when the deadline was set.
    pub(crate) since: u64,
    /// Nanoseconds from then on.
    pub(crate) wait: u64,
    /// Nanoseconds a tick, as a 32.32 fixed-point number.
    pub(crate) rate: u64,
}

impl Deadline {
    /// No deadline.
    pub(crate) const NONE: Deadline = Deadline {
        since: 0,
        wait: NEVER,
        rate: 0,
    };

    /// How many nanoseconds are left when the counter is at `now`.
    pub(crate) fn left(self, now: u64) -> u64 {
        let ticks = now.saturating_sub(self.since);
        let passed = (u128::from(ticks) * u128::from(self.rate)) >> 32;
        self.wait.saturating_sub(passed as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_deadline_the_wait_is_for_ever() {
        assert_eq!(Deadline::NONE.left(u64::MAX), NEVER);
    }

    #[test]
    fn a_deadline_comes_nearer_at_the_rate_of_the_counter() {
        let deadline = Deadline {
            since: 1000,
            wait: 500,
            rate: 1 << 31,
        };
        for (now, left) in [(0, 500), (1000, 500), (1400, 300), (2000, 0), (u64::MAX, 0)] {
            assert_eq!(deadline.left(now), left, "{now}");
        }
    }
}
