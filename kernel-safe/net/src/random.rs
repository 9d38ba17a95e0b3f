//! Words that nobody can guess.
//!
//! Sequence numbers, ports, identities of packets and of requests come from here, and
//! the keys of hash tables.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bytes of a seed.
pub const SEED: usize = 32;

/// A generator, good for all that is not a secret for ever.
#[derive(Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// A generator that nobody can guess who does not know `seed`.
    pub fn new(seed: [u8; SEED]) -> Random {
        Random(ChaCha8Rng::from_seed(seed))
    }

    /// Makes use of `more`, too: it is then as good as the better of both.
    pub fn mix(&mut self, more: [u8; SEED]) {
        let mut seed = [0; SEED];
        self.0.fill_bytes(&mut seed);
        for (byte, other) in seed.iter_mut().zip(more) {
            *byte ^= other;
        }
        *self = Random::new(seed);
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`; zero if there is none.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.word().checked_rem(limit).unwrap_or(0)
    }

    /// A key for a hash table.
    pub fn key(&mut self) -> crate::hash::Keyed {
        crate::hash::Keyed::new([self.word(), self.word()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mixed_in_counts() {
        let mut one = Random::new([1; SEED]);
        let mut other = Random::new([1; SEED]);
        assert_eq!(one.word(), other.word());
        one.mix([2; SEED]);
        other.mix([3; SEED]);
        assert_ne!(one.word(), other.word());
        assert_eq!(one.below(0), 0);
        assert_eq!(one.below(1), 0);
    }
}
