//! When to stop waiting for a console to finish.
//!
//! A host may read as slowly as it likes, so there is no limit on the whole
//! wait. But the count of what is unfinished comes from the driver, who may
//! say anything for ever: only a count lower than all before it earns more
//! time, and there are few of those.

/// How long a console may finish nothing, in nanoseconds.
pub(super) const LIMIT_NS: u64 = 30_000_000_000;
/// What a count above it counts as: more than a console has in flight.
const BUFFERS_MAX: i64 = 16;

/// The wait for one console.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    least: i64,
    since_ns: u64,
}

impl Stall {
    /// A wait that begins at `now`.
    pub(super) const fn new(now: u64) -> Stall {
        Stall {
            least: BUFFERS_MAX,
            since_ns: now,
        }
    }

    /// Whether to go on waiting at `now` for `unfinished` buffers.
    pub(super) fn is_worth_waiting(&mut self, unfinished: i64, now: u64) -> bool {
        if unfinished < self.least {
            self.least = unfinished;
            self.since_ns = now;
        }
        unfinished > 0 && now.saturating_sub(self.since_ns) < LIMIT_NS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time at which a wait ends, if each look takes a second.
    fn end(mut unfinished: impl FnMut(u64) -> i64) -> u64 {
        let mut stall = Stall::new(0);
        (0..)
            .map(|second| second * 1_000_000_000)
            .find(|now| !stall.is_worth_waiting(unfinished(*now), *now))
            .expect("every wait ends")
    }

    #[test]
    fn a_count_that_stays_is_given_up() {
        assert_eq!(end(|_| 1), LIMIT_NS);
        assert_eq!(end(|_| i64::MAX), LIMIT_NS);
    }

    #[test]
    fn a_slow_host_gets_its_time() {
        let step = LIMIT_NS - 1_000_000_000;
        assert_eq!(end(|now| 4 - (now / step) as i64), 4 * step);
    }

    #[test]
    fn a_count_that_goes_up_and_down_earns_nothing() {
        let mut looks = 0;
        let ended = end(|_| {
            looks += 1;
            1 + looks % 3
        });
        assert!(ended <= 2 * LIMIT_NS);
    }

    #[test]
    fn a_long_countdown_is_no_reason_to_wait_longer() {
        let mut count = i64::MAX;
        let ended = end(|_| {
            count -= 1;
            count
        });
        assert_eq!(ended, LIMIT_NS);
    }
}
