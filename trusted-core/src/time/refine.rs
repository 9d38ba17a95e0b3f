//! Compares the time-stamp counter with the LAPIC timer, in passing.
//!
//! Whenever the timer is armed, both counters are read; when it is armed again,
//! both are read once more. While the rate is still rough, the timer runs in
//! periodic mode, because a one-shot stops at zero and cannot say how long ago
//! that was. The timer is read between two readings of the counter, which bounds
//! the error of a sample, however long the host kept the CPU away in between.

use super::clock::Comparison;

/// Both counters, read together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sample {
    /// The time-stamp counter just before the timer was read.
    pub(crate) before: u64,
    /// What the timer still had to count, in nanoseconds.
    pub(crate) left: u32,
    /// The time-stamp counter just after.
    pub(crate) after: u64,
}

/// A stretch of time in which the timer ran with one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stretch {
    /// A sample from its beginning.
    pub(crate) start: Sample,
    /// The period of the timer, in nanoseconds.
    pub(crate) period: u32,
}

/// More periods than this are not told apart by a rough rate.
const PERIODS_MAX: i64 = 3;

impl Stretch {
    /// What the stretch says, given that by the present rate it took about
    /// `about_ns`. None if it cannot tell how many periods passed.
    pub(crate) fn compare(&self, end: Sample, about_ns: u64) -> Option<Comparison> {
        let period = i64::from(self.period);
        let part = i64::from(self.start.left) - i64::from(end.left);
        let whole = i64::try_from(about_ns).ok()? - part;
        let periods = (whole + period / 2).checked_div_euclid(period)?;
        if !(0..=PERIODS_MAX).contains(&periods) {
            return None;
        }
        Some(Comparison {
            tsc: end.middle().checked_sub(self.start.middle())?,
            ns: u64::try_from(periods * period + part).ok()?,
            apart: self.start.apart() + end.apart(),
        })
    }
}

impl Sample {
    const fn middle(&self) -> u64 {
        self.before + self.apart() / 2
    }

    const fn apart(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRETCH: Stretch = Stretch {
        start: sample(1005, 999_990),
        period: 1_000_000,
    };

    const fn sample(tsc: u64, left: u32) -> Sample {
        Sample {
            before: tsc - 5,
            left,
            after: tsc + 5,
        }
    }

    #[test]
    fn a_stretch_within_one_period() {
        let comparison = STRETCH.compare(sample(601_005, 699_990), 290_000);
        let expected = Comparison {
            tsc: 600_000,
            ns: 300_000,
            apart: 20,
        };
        assert_eq!(comparison, Some(expected));
    }

    #[test]
    fn a_stretch_that_went_on_past_the_end_of_its_period() {
        let comparison = STRETCH.compare(sample(4_501_005, 749_990), 2_300_000);
        assert_eq!(comparison.map(|found| found.ns), Some(2_250_000));
        let comparison = STRETCH.compare(sample(2_001_005, 999_995), 1_000_000);
        assert_eq!(
            comparison.map(|found| found.ns),
            Some(999_995),
            "just before the start"
        );
    }

    #[test]
    fn too_many_periods_say_nothing() {
        assert_eq!(STRETCH.compare(sample(90_000_000, 10), 45_000_000), None);
    }
}
