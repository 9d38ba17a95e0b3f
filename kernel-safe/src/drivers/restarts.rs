//! How often a cell is started anew before it is given up.
//!
//! A cell that fails now and then costs a little time; one that fails at once
//! each time would cost all of it.

use domains::RestartLimit;

/// How many are remembered.
const REMEMBERED: usize = RestartLimit::MOST as usize;
const SECOND_NS: u64 = 1_000_000_000;
const MINUTE_NS: u64 = 60 * SECOND_NS;

/// When a cell was last started anew.
#[derive(Debug)]
pub(super) struct Restarts {
    /// The times of the last ones, the oldest at `next`; nothing before so many
    /// have been.
    times: [Option<u64>; REMEMBERED],
    next: usize,
}

impl Restarts {
    /// Never.
    pub(super) const fn new() -> Restarts {
        Restarts {
            times: [None; REMEMBERED],
            next: 0,
        }
    }

    /// Whether it may be started anew at `now`, by this limit; if so, it counts.
    pub(super) fn allow(&mut self, limit: RestartLimit, now: u64) -> bool {
        let since = |ns: u64| {
            let is_since = |time: &&u64| now.saturating_sub(**time) < ns;
            let count = self.times.iter().flatten().filter(is_since).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        // DEFENCE: restart-limit
        let is_allowed = limit.allows(since(SECOND_NS), since(MINUTE_NS));
        if is_allowed && let Some(oldest) = self.times.get_mut(self.next) {
            *oldest = Some(now);
            self.next = self.next.saturating_add(1) % REMEMBERED;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_MAX: usize = 16;
    const MINUTE_MAX: usize = 64;

    /// How many of the restarts at these times are allowed.
    fn allowed(times: impl Iterator<Item = u64>) -> usize {
        let mut restarts = Restarts::new();
        let limit = RestartLimit::new(SECOND_MAX as u32, MINUTE_MAX as u32);
        times.filter(|now| restarts.allow(limit, *now)).count()
    }

    #[test]
    fn without_a_limit_all_are_allowed() {
        let mut restarts = Restarts::new();
        assert!((0..1000).all(|now| restarts.allow(RestartLimit::NONE, now)));
    }

    #[test]
    fn sixteen_at_once_are_the_most() {
        assert_eq!(allowed((0..1000).map(|_| 5)), SECOND_MAX);
        assert_eq!(
            allowed((0..1000).map(|number| number * 1_000_000)),
            SECOND_MAX
        );
    }

    #[test]
    fn sixty_four_a_minute_are_the_most() {
        let often = |seconds: u64| (0..seconds * 10).map(|number| number * SECOND_NS / 10);
        assert_eq!(allowed(often(59)), MINUTE_MAX);
        let count = allowed(often(600));
        assert!(
            (9 * MINUTE_MAX..=11 * MINUTE_MAX).contains(&count),
            "{count}"
        );
    }

    #[test]
    fn now_and_then_is_for_ever() {
        assert_eq!(allowed((0..1000).map(|number| number * SECOND_NS)), 1000);
    }
}
