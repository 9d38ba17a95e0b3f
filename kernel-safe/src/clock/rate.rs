//! The rate of the time-stamp counter, as well as it is known.
//!
//! A better rate starts where the old one has arrived, so that the clock never
//! jumps.

use domains::boot::TimePage;
use gate::cpu::Stretch;

use super::stretch::{Comparison, compare, compare_first};

/// The clock and what is known of its rate.
#[derive(Debug)]
pub(super) struct Rate {
    /// What the time page holds.
    pub(super) page: TimePage,
    uncertainty: u64,
    /// The least ticks that two readings were apart.
    apart: u64,
}

/// Below this many parts in 2^32 (about 10 in a million), the rate is good.
const GOOD: u64 = 43_000;
/// Above this many (one part in eight), it is of no use.
const USABLE: u64 = 1 << 29;
/// Shorter stretches are never compared.
pub(super) const SHORTEST_NS: u64 = 200_000;
/// Longer ones always are: they are rare, and readings are better at times.
const LONG_NS: u64 = 20_000_000;

impl Rate {
    /// Nothing is known: a tick is a nanosecond.
    pub(super) const UNKNOWN: Rate = Rate {
        page: TimePage {
            sequence: 0,
            base_tsc: 0,
            base_ns: 0,
            rate: 1 << 32,
            epoch_ns: 0,
        },
        uncertainty: u64::MAX,
        apart: u64::MAX,
    };

    /// What `stretch` says, as far as the rate is known.
    pub(super) fn compare(&self, stretch: Stretch) -> Option<Comparison> {
        if self.is_known() {
            compare(stretch, self.nanoseconds(stretch.least))
        } else {
            compare_first(stretch)
        }
    }

    /// For how long the clocks must be compared to make the rate better by half,
    /// if both readings are as good as any before; zero if it is good.
    pub(super) fn shortest_ns(&self) -> u64 {
        if !self.is_known() {
            return SHORTEST_NS;
        }
        if self.uncertainty <= GOOD {
            return 0;
        }
        let ticks = (u128::from(self.apart) << 33) / u128::from(self.uncertainty);
        let ns = self.nanoseconds(u64::try_from(ticks).unwrap_or(u64::MAX));
        ns.clamp(SHORTEST_NS, LONG_NS)
    }

    /// Takes the rate of `comparison` from `tsc` on, if it is of use, better by half
    /// and does not contradict what is known; whether it is.
    pub(super) fn refine(&mut self, comparison: Comparison, tsc: u64) -> bool {
        self.apart = self.apart.min(comparison.apart);
        if comparison.apart >= scale(comparison.tsc, self.uncertainty / 2) {
            return false;
        }
        let Some((rate, uncertainty)) = comparison.rate() else {
            return false;
        };
        let known = self.uncertainty.saturating_add(uncertainty);
        let bound = scale(self.page.rate, known).saturating_add(1);
        if uncertainty >= USABLE || rate.abs_diff(self.page.rate) > bound {
            return false;
        }
        self.page.base_ns = self.page.monotonic_ns(tsc);
        self.page.base_tsc = tsc;
        (self.page.rate, self.uncertainty) = (rate, uncertainty);
        true
    }

    const fn is_known(&self) -> bool {
        self.uncertainty != u64::MAX
    }

    /// The nanoseconds of so many ticks.
    fn nanoseconds(&self, ticks: u64) -> u64 {
        scale(ticks, self.page.rate)
    }
}

impl Comparison {
    /// Nanoseconds a tick in 32.32 fixed point, and how uncertain the figure
    /// is in parts of 2^32. None where a counter stood still.
    fn rate(&self) -> Option<(u64, u64)> {
        let fixed = |over: u64, under: u64| {
            let quotient = (u128::from(over) << 32).checked_div(u128::from(under))?;
            u64::try_from(quotient).ok()
        };
        let rate = fixed(self.ns, self.tsc).filter(|rate| *rate > 0)?;
        Some((rate, fixed(self.apart, self.tsc)?))
    }
}

/// So many times `factor`, a 32.32 fixed-point number; at most what 64 bits hold.
fn scale(number: u64, factor: u64) -> u64 {
    let product = (u128::from(number) * u128::from(factor)) >> 32;
    u64::try_from(product).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> Rate {
        let mut rate = Rate::UNKNOWN;
        rate.page.base_tsc = 1000;
        rate
    }

    const THREE_GHZ: Comparison = Comparison {
        tsc: 3_000_000,
        ns: 1_000_000,
        apart: 3000,
    };

    #[test]
    fn a_calibrated_clock_counts_nanoseconds_since_boot() {
        let mut rate = rate();
        assert!(rate.refine(THREE_GHZ, 1000));
        assert_eq!(rate.page.monotonic_ns(1000), 0);
        assert!(rate.page.monotonic_ns(3_001_000).abs_diff(1_000_000) <= 1);
        let twice_as_long = rate.shortest_ns().abs_diff(2 * THREE_GHZ.ns);
        assert!(twice_as_long <= 1, "one part in a thousand");
    }

    #[test]
    fn a_better_rate_does_not_make_the_clock_jump() {
        let mut rate = rate();
        rate.refine(THREE_GHZ, 1000);
        let before = rate.page.monotonic_ns(4_000_000);
        let better = Comparison {
            tsc: 2_999_000_000,
            ns: 1_000_000_000,
            apart: 3000,
        };
        assert!(rate.refine(better, 4_000_000));
        assert_eq!(rate.page.monotonic_ns(4_000_000), before);
        let later = rate.page.monotonic_ns(4_000_000 + 2_999_000);
        assert_eq!(later, before + 1_000_000 - 1);
        assert_eq!(rate.shortest_ns(), 0);
    }

    #[test]
    fn a_worse_or_impossible_comparison_changes_nothing() {
        let mut rate = rate();
        let useless = Comparison {
            apart: 1_000_000,
            ..THREE_GHZ
        };
        assert!(!rate.refine(useless, 1000));
        assert!(rate.refine(THREE_GHZ, 1000));
        let before = rate.page.monotonic_ns(9_000_000);
        for (tsc, ns, apart) in [
            (100, 100, 50),
            (750_000_000, 1_000_000_000, 3000),
            (0, 100, 0),
        ] {
            assert!(!rate.refine(Comparison { tsc, ns, apart }, 5_000_000));
        }
        assert_eq!(rate.page.monotonic_ns(9_000_000), before);
    }

    /// The first stretch is as long as the host likes. What is learnt from it is
    /// right all the same, before a short one told the rate roughly and after it.
    #[test]
    fn a_host_that_keeps_the_machine_waiting_at_boot_does_not_change_the_rate() {
        for since_start_ns in (1_000..100_000_000).step_by(30_011) {
            let mut rate = rate();
            let mut learned = 0;
            for ns in [since_start_ns, 100_000, since_start_ns] {
                let comparison = rate.compare(stretch_of(ns));
                learned += u32::from(comparison.is_some_and(|it| rate.refine(it, 1000)));
            }
            let error = rate.page.rate.abs_diff(THIRD);
            let bound = scale(THIRD, rate.uncertainty) + 1;
            assert!(learned > 0 && error <= bound, "{since_start_ns}: {rate:?}");
        }
    }

    /// A third of a nanosecond.
    const THIRD: u64 = (1 << 32) / 3;

    /// A stretch of `ns` nanoseconds, of a timer with a period of ten milliseconds
    /// and a counter of three gigahertz.
    fn stretch_of(ns: u64) -> Stretch {
        Stretch {
            period: 10_000_000,
            part: (ns % 10_000_000).cast_signed(),
            least: 3 * ns - 1500,
            most: 3 * ns + 1500,
        }
    }
}
