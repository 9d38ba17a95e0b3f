//! How often the core looks in while ring 3 runs, and what it looks for.
//!
//! It looks for cells that do not return: a call that one look after the other
//! finds under way has taken too long. Looks are counted, not time, so that a
//! host which keeps the whole machine from running charges the cell nothing, and
//! they come often, so that there are many of them in a deadline.
//!
//! Where no cell was called since the last look there is nothing to look for,
//! and the next one may come later: a computation that calls nobody is left
//! alone for longer and longer. A call that begins meanwhile and does not return
//! is found by the next interrupt of whatever kind, and from then on looks are as
//! often as ever.
//!
//! With several CPUs the pause does not get as long: an emulator that runs them in
//! turns ends a turn when a timer fires, and one that spins for what another has yet
//! to do would spin for all of a longer pause. Nor is it as short for long: then turns
//! are so short that the CPUs' shares differ.

/// The distance of looks.
pub(crate) const LOOK_NS: u64 = 10_000_000;
/// The longest time without a look, where there is one CPU,
pub(crate) const LONGEST_NS: u64 = 80 * LOOK_NS;
/// and where there are several.
pub(crate) const LONGEST_OF_MANY_NS: u64 = 5 * LOOK_NS;

/// What the core has seen so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Looks {
    /// How long until the next look.
    pub(crate) period_ns: u64,
    repeats: u32,
}

impl Looks {
    /// None yet.
    pub(crate) const NONE: Looks = Looks {
        period_ns: LOOK_NS,
        repeats: 0,
    };

    /// These and one more, to which the last call of a cell `is_known` from the one
    /// before, and perhaps still under way. The next one is to come after `longest_ns`
    /// at the latest.
    pub(crate) fn and(self, is_known: bool, is_under_way: bool, longest_ns: u64) -> Looks {
        let (period_ns, repeats) = match (is_under_way, is_known) {
            (true, true) => (LOOK_NS, self.repeats + 1),
            (false, true) => (longest_ns.min(2 * self.period_ns), 0),
            (_, false) => (LOOK_NS, 0),
        };
        Looks { period_ns, repeats }
    }

    /// Whether the next one may come too late for a call that begins now.
    const fn are_rare(self) -> bool {
        self.period_ns > LOOK_NS
    }

    /// Whether an interrupt is one: a tick, or any other during a call of a cell while
    /// looks are rare. So no device puts off the next look, or brings it nearer twice.
    pub(crate) const fn are_due(self, is_tick: bool, is_in_cell: bool) -> bool {
        // DEFENCE: looks-due
        is_tick || is_in_cell && self.are_rare()
    }

    /// Whether they have seen the call that the last one found for so long.
    pub(crate) const fn exceed(self, deadline_ms: u32) -> bool {
        self.repeats as u64 * LOOK_NS >= deadline_ms as u64 * 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_calm(looks: u32) -> Looks {
        (0..looks).fold(Looks::NONE, |looks, _| looks.and(true, false, LONGEST_NS))
    }

    #[test]
    fn who_calls_nobody_is_left_alone_for_longer() {
        assert_eq!(after_calm(2).period_ns, 4 * LOOK_NS);
        assert_eq!(after_calm(99).period_ns, LONGEST_NS);
        assert_eq!(Looks::NONE.and(true, false, LOOK_NS).period_ns, LOOK_NS);
    }

    #[test]
    fn a_call_brings_the_usual_distance_back() {
        assert!(after_calm(99).are_rare());
        let looks = after_calm(99).and(false, false, LONGEST_NS);
        assert_eq!((looks.period_ns, looks.are_rare()), (LOOK_NS, false));
    }

    #[test]
    fn an_interrupt_of_a_device_is_a_look_once() {
        assert!(after_calm(3).are_due(false, true));
        assert!(!after_calm(3).are_due(false, false));
        assert!(!Looks::NONE.are_due(false, true));
        assert!(Looks::NONE.are_due(true, false));
    }

    #[test]
    fn a_call_that_is_under_way_is_looked_for_often() {
        for is_known in [false, true] {
            let looks = after_calm(99).and(is_known, true, LONGEST_NS);
            assert_eq!(looks.period_ns, LOOK_NS);
        }
    }

    /// The first look finds it, so many more see that it has not returned.
    #[test]
    fn a_call_that_never_returns_is_found_out() {
        for (deadline_ms, count) in [(100, 11), (95, 11), (10, 2), (1, 2)] {
            let mut looks = after_calm(3);
            let found = (1..).find(|look| {
                looks = looks.and(*look > 1, true, LONGEST_NS);
                looks.exceed(deadline_ms)
            });
            assert_eq!(found, Some(count));
            assert!(!looks.and(false, true, LONGEST_NS).exceed(deadline_ms));
        }
    }

    #[test]
    fn calls_that_return_are_left_alone() {
        let mut looks = Looks::NONE;
        for _ in 0..1000 {
            looks = looks.and(false, true, LONGEST_NS);
            assert!(!looks.exceed(1));
        }
    }
}
