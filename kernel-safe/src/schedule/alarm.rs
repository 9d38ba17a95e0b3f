//! When the timer must fire: for a sleeper, or for the end of a turn.
//!
//! Arming the timer is a crossing into ring 0, so it is done only when the
//! timer would fire too late, never to put it off: an alarm that comes for
//! nothing costs less than keeping it exact. While nobody else waits for the
//! CPU there are no turns, and without sleepers no alarm at all.

/// How long a thread may run while another of its priority waits.
pub const SLICE_NS: u64 = 2_000_000;

/// The deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// What one CPU's timer is armed for.
#[derive(Debug)]
pub struct Alarm {
    armed: u64,
    slice_end: u64,
    slice_ns: u64,
    /// What the timer must be armed for when the lock is released.
    asked: Option<u64>,
}

impl Alarm {
    /// A timer that is not armed.
    pub const fn new() -> Alarm {
        Alarm {
            armed: NEVER,
            slice_end: NEVER,
            slice_ns: SLICE_NS,
            asked: None,
        }
    }

    /// Changes how long a turn may last, from the next one on.
    #[cfg(feature = "test-hooks")]
    pub const fn set_slice(&mut self, slice_ns: u64) {
        self.slice_ns = slice_ns;
    }

    /// Whether a turn is being timed.
    #[inline(always)]
    pub const fn times_slice(&self) -> bool {
        self.slice_end != NEVER
    }

    /// Starts to time a turn; what to arm the timer for, if it must be armed.
    pub fn start_slice(&mut self, now: u64) -> Option<u64> {
        self.slice_end = now.saturating_add(self.slice_ns);
        self.fire_by(self.slice_end)
    }

    /// Another thread runs: its turn is not timed yet. The timer may fire for
    /// the old one all the same.
    #[inline(always)]
    pub const fn forget_slice(&mut self) {
        self.slice_end = NEVER;
    }

    /// Ends the turn if its time is over; whether it was.
    pub fn end_slice(&mut self, now: u64) -> bool {
        let over = self.slice_end <= now;
        if over {
            self.slice_end = NEVER;
        }
        over
    }

    /// Sees to it that the timer fires at `deadline` or before; what to arm it
    /// for, if it must be armed.
    pub fn fire_by(&mut self, deadline: u64) -> Option<u64> {
        if deadline >= self.armed {
            return None;
        }
        self.armed = deadline;
        Some(deadline)
    }

    /// Keeps what to arm the timer for until [`Alarm::take_asked`].
    #[inline(always)]
    pub fn ask(&mut self, deadline: Option<u64>) {
        // The later answer is the earlier deadline.
        self.asked = deadline.or(self.asked);
    }

    /// Takes what to arm the timer for.
    #[inline(always)]
    pub const fn take_asked(&mut self) -> Option<u64> {
        self.asked.take()
    }

    /// The timer has fired; what to arm it for next, if somebody waits until `earliest`.
    pub fn fired(&mut self, earliest: u64) -> Option<u64> {
        self.armed = NEVER;
        self.fire_by(earliest.min(self.slice_end))
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Alarm::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_is_armed_for_the_earliest_and_only_once() {
        let mut alarm = Alarm::new();
        assert_eq!(alarm.fire_by(500), Some(500));
        assert_eq!(alarm.fire_by(500), None);
        assert_eq!(alarm.fire_by(900), None, "it fires before that anyway");
        assert_eq!(alarm.fire_by(100), Some(100));
        assert_eq!(alarm.fired(500), Some(500));
        assert_eq!(alarm.fired(NEVER), None);
        assert_eq!(alarm.fire_by(NEVER), None);
    }

    #[test]
    fn a_turn_ends_when_its_time_is_over() {
        let mut alarm = Alarm::new();
        assert!(!alarm.times_slice());
        assert!(!alarm.end_slice(u64::MAX - 1));
        assert_eq!(alarm.start_slice(7), Some(7 + SLICE_NS));
        assert!(alarm.times_slice());
        assert!(!alarm.end_slice(SLICE_NS));
        assert_eq!(alarm.fired(NEVER), Some(7 + SLICE_NS), "it fired early");
        assert!(alarm.end_slice(7 + SLICE_NS));
        assert!(!alarm.times_slice());
    }

    #[test]
    fn a_turn_does_not_inherit_what_the_last_one_left() {
        let mut alarm = Alarm::new();
        alarm.start_slice(0);
        alarm.forget_slice();
        assert!(!alarm.times_slice());
        assert_eq!(alarm.start_slice(9), None, "the timer fires before that");
        assert!(!alarm.end_slice(SLICE_NS));
        assert_eq!(alarm.fired(NEVER), Some(9 + SLICE_NS));
    }
}
