//! How long a call into a cell may take.
//!
//! The core sees a call only when the timer fires in it. Each look adds the
//! time since the last one, but never more than the distance at which looks are
//! meant to be: where the host keeps the whole machine from running, its own
//! delay is not charged to the cell.

use crate::time::timer::LOOK_NS;

/// The most that a call may take.
const LIMIT_NS: u64 = 10 * LOOK_NS;

/// What the core has seen of the call in progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Watchdog {
    call: u64,
    last_ns: u64,
    spent_ns: u64,
}

impl Watchdog {
    /// Looks at call number `call` at `now`; true if it has taken too long.
    pub(crate) fn look(&mut self, call: u64, now: u64) -> bool {
        let since = now.saturating_sub(self.last_ns).min(LOOK_NS);
        let spent_ns = if call == self.call {
            self.spent_ns + since
        } else {
            0
        };
        *self = Watchdog {
            call,
            last_ns: now,
            spent_ns,
        };
        spent_ns >= LIMIT_NS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_never_returns_is_found_out() {
        let mut watchdog = Watchdog::default();
        let looks = (1..).find(|look| watchdog.look(7, look * LOOK_NS));
        assert_eq!(looks, Some(11));
    }

    #[test]
    fn calls_that_return_are_left_alone() {
        let mut watchdog = Watchdog::default();
        assert!((1..1000).all(|call| !watchdog.look(call, call * LOOK_NS)));
    }

    #[test]
    fn a_machine_that_was_stopped_is_not_the_drivers_fault() {
        let mut watchdog = Watchdog::default();
        assert!(!watchdog.look(3, 0));
        assert!(!watchdog.look(3, 1_000_000 * LOOK_NS));
    }
}
