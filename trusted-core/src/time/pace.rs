//! How often the core looks in while ring 3 runs.
//!
//! It looks for drivers that do not return. Where no driver was called since the
//! last look it has nothing to look for, and the next one may come later: a
//! computation that calls nobody is left alone for longer and longer. A call
//! that begins meanwhile and does not return is found at the next look, and
//! from then on as often as any other.
//!
//! This is for machines with one CPU. With several, looks stay as they are: an
//! emulator that runs CPUs in turns ends a turn when a timer fires, and one that
//! spins for what another has yet to do would spin for all of a longer pace.

use super::timer::LOOK_NS;

/// The longest time without a look.
pub(crate) const LONGEST_NS: u64 = 16 * LOOK_NS;

/// The distance of looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pace {
    calls: u64,
    period_ns: u64,
}

impl Pace {
    /// Looks as often as ever.
    pub(crate) const SHORTEST: Pace = Pace {
        calls: 0,
        period_ns: LOOK_NS,
    };

    /// How long until the next look.
    pub(crate) const fn period_ns(self) -> u64 {
        self.period_ns
    }

    /// The pace after a look that found so many calls into the unsafe kernel
    /// so far, and perhaps one that is still under way.
    pub(crate) fn after(self, calls: u64, is_under_way: bool) -> Pace {
        let period_ns = match is_under_way || calls != self.calls {
            true => LOOK_NS,
            false => LONGEST_NS.min(2 * self.period_ns),
        };
        Pace { calls, period_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_nobody_is_left_alone_for_longer() {
        let calm = |pace: Pace, _| pace.after(0, false);
        assert_eq!((0..2).fold(Pace::SHORTEST, calm).period_ns(), 4 * LOOK_NS);
        assert_eq!((0..99).fold(Pace::SHORTEST, calm).period_ns(), LONGEST_NS);
    }

    #[test]
    fn a_call_brings_the_shortest_pace_back() {
        let calm = (0..99).fold(Pace::SHORTEST, |pace, _| pace.after(0, false));
        assert_eq!(calm.after(1, false).period_ns(), LOOK_NS);
        assert_eq!(calm.after(0, true).period_ns(), LOOK_NS);
    }
}
