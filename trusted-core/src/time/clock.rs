//! The monotonic clock: the time-stamp counter, and its rate in the time page.
//!
//! The rate is known roughly at boot and better with every longer comparison
//! against the LAPIC timer; there is no calibration loop. A better rate starts
//! where the old one has arrived, so that the clock never jumps.

use core::mem::offset_of;
use core::sync::atomic::{AtomicU64, Ordering};

use domains::boot::TimePage;

use crate::memory::physical::WORDS;

/// The clock that all CPUs share.
pub(crate) struct Clock {
    page: TimePage,
    published: &'static [AtomicU64; WORDS],
    uncertainty: u64,
}

/// A comparison of the two counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Comparison {
    /// Ticks of the time-stamp counter.
    pub(crate) tsc: u64,
    /// Nanoseconds of the reference.
    pub(crate) ns: u64,
    /// By how many ticks the two readings may be apart.
    pub(crate) apart: u64,
}

/// Below this many parts in 2^32 (about 10 in a million), the rate is good.
const GOOD: u64 = 43_000;
/// Above this many (one part in eight), it is of no use.
const USABLE: u64 = 1 << 29;

impl Clock {
    /// A clock that shows zero at `boot_tsc` and publishes in the given page.
    /// Until the first comparison it takes a tick for a nanosecond.
    pub(crate) fn new(boot_tsc: u64, published: &'static [AtomicU64; WORDS]) -> Clock {
        let page = TimePage {
            base_tsc: boot_tsc,
            rate: 1 << 32,
            ..TimePage::default()
        };
        Clock {
            page,
            published,
            uncertainty: u64::MAX,
        }
    }

    /// Nanoseconds since boot when the counter reads `tsc`.
    pub(crate) fn now(&self, tsc: u64) -> u64 {
        self.page.monotonic_ns(tsc)
    }

    /// Whether a longer comparison could improve the rate.
    pub(crate) fn wants_comparison(&self) -> bool {
        self.uncertainty > GOOD
    }

    /// Takes the rate of the first comparison, at boot. False if it is too
    /// rough to tell later ones from nonsense.
    pub(crate) fn calibrate(&mut self, comparison: Comparison) -> bool {
        let Some((rate, uncertainty)) = comparison.rate() else {
            return false;
        };
        let is_usable = uncertainty < USABLE;
        if is_usable {
            (self.page.rate, self.uncertainty) = (rate, uncertainty);
            self.publish();
        }
        is_usable
    }

    /// Takes the rate of `comparison` from `tsc` on, if it is better by half
    /// and does not contradict what is known.
    pub(crate) fn refine(&mut self, comparison: Comparison, tsc: u64) {
        let Some((rate, uncertainty)) = comparison.rate() else {
            return;
        };
        let known = u128::from(self.uncertainty) + u128::from(uncertainty);
        let bound = (u128::from(self.page.rate) * known) >> 32;
        let is_possible = u128::from(rate.abs_diff(self.page.rate)) <= bound + 1;
        if uncertainty < self.uncertainty / 2 && is_possible {
            self.page.base_ns = self.now(tsc);
            self.page.base_tsc = tsc;
            (self.page.rate, self.uncertainty) = (rate, uncertainty);
            self.publish();
        }
    }

    /// Writes the time page, but for the time of day, which is the safe kernel's;
    /// its readers start over if they see an odd number or two different ones.
    fn publish(&mut self) {
        let word = |offset: usize| &self.published[offset / 8];
        let sequence = self.page.sequence;
        word(offset_of!(TimePage, sequence)).store(sequence + 1, Ordering::Relaxed);
        core::sync::atomic::fence(Ordering::Release);
        word(offset_of!(TimePage, base_tsc)).store(self.page.base_tsc, Ordering::Relaxed);
        word(offset_of!(TimePage, base_ns)).store(self.page.base_ns, Ordering::Relaxed);
        word(offset_of!(TimePage, rate)).store(self.page.rate, Ordering::Relaxed);
        word(offset_of!(TimePage, sequence)).store(sequence + 2, Ordering::Release);
        self.page.sequence = sequence + 2;
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

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;

    use super::*;

    fn clock() -> Clock {
        let page: [AtomicU64; WORDS] = core::array::from_fn(|_| AtomicU64::new(0));
        Clock::new(1000, Box::leak(Box::new(page)))
    }

    const THREE_GHZ: Comparison = Comparison {
        tsc: 3_000_000,
        ns: 1_000_000,
        apart: 3000,
    };

    #[test]
    fn a_calibrated_clock_counts_nanoseconds_since_boot() {
        let mut clock = clock();
        clock.calibrate(THREE_GHZ);
        assert_eq!(clock.now(1000), 0);
        assert!(clock.now(3_001_000).abs_diff(1_000_000) <= 1);
        assert!(clock.wants_comparison(), "one part in a thousand");
    }

    #[test]
    fn a_better_rate_does_not_make_the_clock_jump() {
        let mut clock = clock();
        clock.calibrate(THREE_GHZ);
        let before = clock.now(4_000_000);
        let better = Comparison {
            tsc: 2_999_000_000,
            ns: 1_000_000_000,
            apart: 3000,
        };
        clock.refine(better, 4_000_000);
        assert_eq!(clock.now(4_000_000), before);
        assert_eq!(clock.now(4_000_000 + 2_999_000), before + 1_000_000 - 1);
        assert!(!clock.wants_comparison());
    }

    #[test]
    fn a_worse_or_impossible_comparison_changes_nothing() {
        let mut clock = clock();
        assert!(!clock.calibrate(Comparison {
            apart: 1_000_000,
            ..THREE_GHZ
        }));
        assert!(clock.calibrate(THREE_GHZ));
        let before = clock.now(9_000_000);
        clock.refine(
            Comparison {
                tsc: 100,
                ns: 100,
                apart: 50,
            },
            5_000_000,
        );
        let impossible = Comparison {
            tsc: 750_000_000,
            ns: 1_000_000_000,
            apart: 3000,
        };
        clock.refine(impossible, 5_000_000);
        clock.refine(
            Comparison {
                tsc: 0,
                ns: 100,
                apart: 0,
            },
            5_000_000,
        );
        assert_eq!(clock.now(9_000_000), before);
    }

    #[test]
    fn the_page_holds_what_the_clock_says() {
        let mut clock = clock();
        clock.calibrate(THREE_GHZ);
        let word = |offset: usize| clock.published[offset / 8].load(Ordering::Relaxed);
        assert_eq!(word(offset_of!(TimePage, sequence)), 2);
        assert_eq!(word(offset_of!(TimePage, base_tsc)), 1000);
        assert_eq!(word(offset_of!(TimePage, rate)), clock.page.rate);
    }
}
