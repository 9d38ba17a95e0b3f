//! What a stretch of the timer says about the time-stamp counter.

use gate::cpu::Stretch;

/// A comparison of the two counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Comparison {
    /// Ticks of the time-stamp counter.
    pub(super) tsc: u64,
    /// Nanoseconds of the reference.
    pub(super) ns: u64,
    /// By how many ticks the two readings may be apart.
    pub(super) apart: u64,
}

/// More periods than this are not told apart by a rate that is off by one part in
/// eight.
const PERIODS_MAX: i64 = 2;

/// No time-stamp counter takes more nanoseconds for a tick.
const SLOWEST_TICK_NS: u64 = 4;

/// What `stretch` says where no rate is known. None if it may be longer than its
/// period: where the host kept the machine from running, the counts are read before
/// the timer's event is there, and do not tell how many periods passed.
pub(super) fn compare_first(stretch: Stretch) -> Option<Comparison> {
    let part = u64::try_from(stretch.part).ok()?;
    let longest_ns = stretch.most.checked_mul(SLOWEST_TICK_NS)?;
    // DEFENCE: first-in-one-period
    (longest_ns < stretch.period).then(|| compare(stretch, part))?
}

/// What `stretch` says, given that by the present rate it took about `about_ns`.
/// None if it cannot tell how many periods passed.
pub(super) fn compare(stretch: Stretch, about_ns: u64) -> Option<Comparison> {
    let period = i64::from(u32::try_from(stretch.period).ok()?);
    let whole = i64::try_from(about_ns).ok()?.checked_sub(stretch.part)?;
    let periods = whole.checked_add(period / 2)?.checked_div_euclid(period)?;
    let apart = stretch.most.checked_sub(stretch.least)?;
    // DEFENCE: periods-told-apart
    (0..=PERIODS_MAX).contains(&periods).then_some(Comparison {
        tsc: stretch.least.checked_add(apart / 2)?,
        ns: u64::try_from(periods.checked_mul(period)?.checked_add(stretch.part)?).ok()?,
        apart,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(tsc: u64, part: i64) -> Stretch {
        Stretch {
            period: 1_000_000,
            part,
            least: tsc - 10,
            most: tsc + 10,
        }
    }

    #[test]
    fn a_stretch_within_one_period() {
        let comparison = compare(stretch(600_000, 300_000), 290_000);
        let expected = Comparison {
            tsc: 600_000,
            ns: 300_000,
            apart: 20,
        };
        assert_eq!(comparison, Some(expected));
    }

    #[test]
    fn a_stretch_that_went_on_past_the_end_of_its_period() {
        let ns = |stretch, about_ns| compare(stretch, about_ns).map(|found| found.ns);
        assert_eq!(ns(stretch(4_500_000, 250_000), 2_300_000), Some(2_250_000));
        let nearly_two = stretch(4_000_000, -5);
        assert_eq!(ns(nearly_two, 2_000_000), Some(1_999_995));
    }

    #[test]
    fn too_many_periods_say_nothing() {
        assert_eq!(compare(stretch(90_000_000, 999_990), 45_000_000), None);
    }

    #[test]
    fn nor_does_a_timer_that_stopped() {
        let stopped = Stretch {
            period: 0,
            ..stretch(600_000, 0)
        };
        assert_eq!(compare(stopped, 0), None);
        assert_eq!(compare(stopped, u64::MAX), None);
    }

    /// Ticks of slow and fast counters in a thousand nanoseconds.
    const COUNTERS: [u64; 4] = [250, 1000, 2600, 10_000];

    /// Asks `compare` about stretches of up to twelve periods; it answers with the
    /// truth or not at all. How often it answers.
    fn truths(compare: impl Fn(Stretch, u64) -> Option<Comparison>) -> usize {
        let lengths = (10_000_u64..12_000_000).step_by(7001);
        let asked = lengths.flat_map(|ns| COUNTERS.map(|ticks| (ns, ns * ticks / 1000)));
        asked
            .filter_map(|(ns, tsc)| {
                let found = compare(stretch(tsc, (ns % 1_000_000).cast_signed()), ns)?;
                assert_eq!(found.ns, ns, "{tsc} ticks");
                Some(())
            })
            .count()
    }

    #[test]
    fn without_a_rate_a_stretch_says_the_truth_or_nothing() {
        assert!(truths(|stretch, _| compare_first(stretch)) > 0);
    }

    #[test]
    fn with_a_rough_rate_a_stretch_says_the_truth_or_nothing() {
        for eighths in [7, 8, 9] {
            let answers = truths(|stretch, ns| compare(stretch, ns * eighths / 8));
            assert!(answers > 0);
        }
    }
}
