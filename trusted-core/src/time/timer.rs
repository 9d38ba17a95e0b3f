//! When the one timer of a CPU is to fire next.
//!
//! The safe kernel sets a deadline. Beside it the core wants to look in now and
//! then while ring 3 runs, or a driver that never returns would stop the
//! machine; and shortly, while an event waits for a kernel to leave: a tick may
//! fall between a gate's last look at the pending bits and the WRPKRU that lets
//! the application run.

/// How often the core looks in at most while ring 3 runs.
pub(crate) const LOOK_NS: u64 = 50_000_000;
/// How soon it looks again while an event waits.
pub(crate) const GUARD_NS: u64 = 100_000;

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

/// The deadline of one CPU, in nanoseconds since boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timer {
    deadline: u64,
}

impl Timer {
    /// No deadline.
    pub(crate) const DISARMED: Timer = Timer { deadline: u64::MAX };

    /// The timer with this deadline; `u64::MAX` for none.
    pub(crate) const fn armed(deadline: u64) -> Timer {
        Timer { deadline }
    }

    /// Whether the deadline has passed at `now`.
    pub(crate) const fn is_due(self, now: u64) -> bool {
        self.deadline != u64::MAX && self.deadline <= now
    }

    /// How long to wait at `now`, with the next look after `look_ns`; none to
    /// wait for ever.
    pub(crate) fn wait(self, now: u64, until: Until, look_ns: u64) -> Option<u64> {
        let own = (self.deadline != u64::MAX).then(|| self.deadline.saturating_sub(now));
        let look = match until {
            Until::Run => Some(look_ns),
            Until::Guard => Some(GUARD_NS),
            Until::Idle => None,
        };
        own.into_iter().chain(look).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disarmed_timer_is_never_due_and_sleeps_for_ever() {
        assert!(!Timer::DISARMED.is_due(u64::MAX));
        assert_eq!(Timer::DISARMED.wait(5, Until::Idle, LOOK_NS), None);
        assert_eq!(Timer::DISARMED.wait(5, Until::Run, 7), Some(7));
    }

    #[test]
    fn the_nearer_of_deadline_and_look_wins() {
        let timer = Timer::armed(1_000_000);
        assert_eq!(timer.wait(400_000, Until::Run, LOOK_NS), Some(600_000));
        assert_eq!(timer.wait(400_000, Until::Guard, LOOK_NS), Some(GUARD_NS));
        assert_eq!(timer.wait(2_000_000, Until::Idle, LOOK_NS), Some(0));
        assert!(timer.is_due(1_000_000) && !timer.is_due(999_999));
    }
}
