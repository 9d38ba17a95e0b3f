//! Interrupts that bring nothing, one after the other.
//!
//! A driver can have its device interrupt as often as it likes, and each time
//! the kernel looks and finds nothing the application stands still. A look that
//! comes too late finds nothing either, but never a few of them in a row: what
//! the other look has found lies in between.

/// How many in a row are too many,
const ROUNDS_MAX: u32 = 100;
/// and how many if they have taken so long together, in nanoseconds.
const LONG_ROUNDS: u32 = 8;
const LONG_NS: u64 = 1_000_000_000;

/// The interrupts since something last came.
#[derive(Debug)]
pub(super) struct Storm {
    /// How much had come then.
    come: u64,
    rounds: u32,
    spent_ns: u64,
}

impl Storm {
    /// None yet.
    pub(super) const fn new() -> Storm {
        Storm {
            come: 0,
            rounds: 0,
            spent_ns: 0,
        }
    }

    /// Takes note of an interrupt that was served in `ns`, when `come` had come
    /// in all. Whether that was one too many.
    pub(super) const fn note(&mut self, come: u64, ns: u64) -> bool {
        if come != self.come {
            *self = Storm {
                come,
                ..Storm::new()
            };
            return false;
        }
        self.rounds = self.rounds.saturating_add(1);
        self.spent_ns = self.spent_ns.saturating_add(ns);
        let is_long = self.rounds >= LONG_ROUNDS && self.spent_ns >= LONG_NS;
        // DEFENCE: interrupts-bring-something
        is_long || self.rounds >= ROUNDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many interrupts are served that take `ns` and bring something every
    /// so often.
    fn served(ns: u64, brings: impl Fn(u64) -> u64) -> u64 {
        let mut storm = Storm::new();
        (0..10_000)
            .find(|round| storm.note(brings(*round), ns))
            .map_or(u64::MAX, |round| round + 1)
    }

    #[test]
    fn what_brings_nothing_comes_to_an_end() {
        assert_eq!(served(0, |_| 0), u64::from(ROUNDS_MAX));
        assert_eq!(served(LONG_NS / 16, |_| 0), 16);
        assert_eq!(served(LONG_NS, |_| 0), u64::from(LONG_ROUNDS));
        assert_eq!(served(u64::MAX, |_| 0), u64::from(LONG_ROUNDS));
    }

    #[test]
    fn what_brings_something_now_and_then_goes_on() {
        assert_eq!(served(0, |round| round), u64::MAX);
        assert_eq!(served(0, |round| round / 50), u64::MAX);
        assert_eq!(served(u64::MAX, |round| round / 2), u64::MAX);
    }
}
