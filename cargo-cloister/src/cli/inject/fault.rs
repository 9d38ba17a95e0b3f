//! Which fault a run has: chosen by the campaign's seed and the run's number alone.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A sort of fault.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A bit of a register is another
    Register,
    /// A bit of the domain's data or stack is another
    Memory,
    /// An instruction is left out
    Skip,
    /// An instruction is executed twice
    Again,
    /// A store goes to a random place of the image's data
    Store,
    /// A function returns something else
    Return,
    /// The code goes round and round
    Stuck,
}

impl Kind {
    pub(super) const ALL: [Kind; 7] = [
        Kind::Register,
        Kind::Memory,
        Kind::Skip,
        Kind::Again,
        Kind::Store,
        Kind::Return,
        Kind::Stuck,
    ];

    /// The word for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Register => "register",
            Kind::Memory => "memory",
            Kind::Skip => "skip",
            Kind::Again => "again",
            Kind::Store => "store",
            Kind::Return => "return",
            Kind::Stuck => "stuck",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What goes wrong in a run, as far as it does not depend on the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Choice {
    /// The domain, by its place among those that are looked at.
    pub(super) domain: usize,
    pub(super) kind: Kind,
    /// How far the domain has come by then, of 2⁶⁴.
    pub(super) progress: u64,
    /// Decides everything else.
    pub(super) seed: u64,
}

/// The fault of run number `run`. Domains come in turn, and so do kinds in each: a campaign
/// that is broken off has as many of each as can be.
pub(super) fn choose(seed: u64, run: u64, domains: usize, kinds: &[Kind]) -> Choice {
    let domains = domains.max(1) as u64;
    let (turn, domain) = (run / domains, run % domains);
    let kind = kinds.get((turn % kinds.len().max(1) as u64) as usize);
    let mut random = Random(mixed(seed).wrapping_add(run));
    Choice {
        domain: domain as usize,
        kind: kind.copied().unwrap_or(Kind::Register),
        progress: random.next(),
        seed: random.next(),
    }
}

impl Choice {
    /// Before which of `count` instructions of the domain.
    pub(super) fn place(&self, count: u64) -> u64 {
        let place = (u128::from(self.progress) * u128::from(count)) >> 64;
        u64::try_from(place).unwrap_or(0)
    }
}

/// Numbers that a seed decides: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    /// The next one.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// The next one below `end`; zero if that is.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }
}

const fn mixed(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_the_same_whatever_else_runs_and_others_differ() {
        let of = |seed, run| choose(seed, run, 3, &Kind::ALL);
        assert_eq!(of(1, 17), of(1, 17));
        assert_ne!(of(1, 17).seed, of(2, 17).seed);
        assert_ne!(of(1, 17).seed, of(1, 18).seed);
    }

    #[test]
    fn each_domain_has_each_kind_alike() {
        let mut counts = [[0; 7]; 3];
        for run in 0..210 {
            let choice = choose(5, run, 3, &Kind::ALL);
            counts[choice.domain][choice.kind as usize] += 1;
        }
        assert_eq!(counts, [[10; 7]; 3]);
    }

    #[test]
    fn a_place_is_one_of_the_instructions() {
        for (progress, place) in [(0, 0), (u64::MAX, 999), (1 << 63, 500)] {
            let choice = Choice {
                progress,
                ..choose(1, 1, 1, &Kind::ALL)
            };
            assert_eq!((choice.place(1000), choice.place(0)), (place, 0));
        }
    }
}
