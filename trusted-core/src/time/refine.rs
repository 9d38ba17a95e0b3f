//! Compares the time-stamp counter with the LAPIC timer, in passing.
//!
//! Whenever the timer is armed, both counters are read; when it is armed again,
//! both are read once more. While the rate is still rough, the timer runs in
//! periodic mode, because a one-shot stops at zero and cannot say how long ago
//! that was. A reading lies between two readings of the counter, which bounds
//! its error, however long the host kept the CPU away in between.

use super::clock::Comparison;

/// A stretch of time that began when the timer was armed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stretch {
    /// The counter just before the timer was armed.
    pub(crate) before: u64,
    /// The counter just after.
    pub(crate) after: u64,
    /// The period, in nanoseconds.
    pub(crate) period: u32,
}

/// The end of a stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    /// The counter just before the timer was read.
    pub(crate) before: u64,
    /// The counter just after.
    pub(crate) after: u64,
    /// What the timer still had to count.
    pub(crate) left: u32,
}

/// More periods than this are not told apart by a rough rate.
const PERIODS_MAX: u64 = 4;

impl Stretch {
    /// What the stretch says, given that by the present rate it took about
    /// `about_ns`. None if it cannot tell how many periods passed.
    pub(crate) fn compare(&self, end: End, about_ns: u64) -> Option<Comparison> {
        let period = u64::from(self.period);
        let part = period.checked_sub(u64::from(end.left))?;
        let whole = about_ns.saturating_sub(part) + period / 2;
        let periods = whole
            .checked_div(period)
            .filter(|periods| *periods <= PERIODS_MAX)?;
        Some(Comparison {
            tsc: middle(end.before, end.after).checked_sub(middle(self.before, self.after))?,
            ns: periods * period + part,
            apart: (self.after - self.before) + end.after.checked_sub(end.before)?,
        })
    }
}

const fn middle(before: u64, after: u64) -> u64 {
    before + after.saturating_sub(before) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRETCH: Stretch = Stretch {
        before: 1000,
        after: 1010,
        period: 1_000_000,
    };

    fn end(tsc: u64, left: u32) -> End {
        End {
            before: tsc - 5,
            after: tsc + 5,
            left,
        }
    }

    #[test]
    fn a_stretch_within_one_period() {
        let comparison = STRETCH.compare(end(601_005, 700_000), 290_000);
        assert_eq!(
            comparison,
            Some(Comparison {
                tsc: 600_000,
                ns: 300_000,
                apart: 20
            })
        );
    }

    #[test]
    fn a_stretch_that_went_on_past_the_end_of_its_period() {
        let comparison = STRETCH.compare(end(4_501_005, 750_000), 2_300_000);
        assert_eq!(comparison.map(|found| found.ns), Some(2_250_000));
    }

    #[test]
    fn too_many_periods_say_nothing() {
        assert_eq!(STRETCH.compare(end(90_000_000, 10), 45_000_000), None);
    }
}
