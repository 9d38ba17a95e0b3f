//! What a stretch of the timer says about the time-stamp counter.

use gate::cpu::Stretch;

use super::Comparison;

/// More periods than this are not told apart by a rough rate.
const PERIODS_MAX: i64 = 3;

/// What `stretch` says, given that by the present rate it took about `about_ns`.
/// None if it cannot tell how many periods passed.
pub(super) fn compare(stretch: Stretch, about_ns: u64) -> Option<Comparison> {
    let period = i64::from(u32::try_from(stretch.period).ok()?);
    let whole = i64::try_from(about_ns).ok()?.checked_sub(stretch.part)?;
    let periods = whole.checked_add(period / 2)?.checked_div_euclid(period)?;
    let apart = stretch.most.checked_sub(stretch.least)?;
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
}
