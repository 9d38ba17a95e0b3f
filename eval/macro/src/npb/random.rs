//! The pseudorandom numbers of the NAS Parallel Benchmarks.
//!
//! A linear congruential generator: x becomes 5^13 x modulo 2^46, and x / 2^46
//! is the number drawn. The originals do this in halves of doubles, for want of
//! wide integers; wrapping 64-bit ones are exact and quicker.

/// 5^13.
const MULTIPLIER: u64 = 1_220_703_125;
/// How many bits the state has.
pub(super) const BITS: u32 = 46;
const MASK: u64 = (1 << BITS) - 1;
const SCALE: f64 = 1.0 / (1_u64 << BITS) as f64;

/// A place in the sequence.
#[derive(Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The sequence that follows `seed`.
    pub(super) fn new(seed: u64) -> Random {
        Random { state: seed & MASK }
    }

    /// The place `draws` further on, without drawing them.
    pub(super) fn ahead(&self, draws: u64) -> Random {
        let state = times(power(MULTIPLIER, draws), self.state);
        Random { state }
    }

    /// The next number, times 2^46.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        self.state = times(MULTIPLIER, self.state);
        self.state
    }

    /// The next number, between 0 and 1.
    #[inline]
    pub(super) fn uniform(&mut self) -> f64 {
        // From a signed integer x86 converts in one instruction.
        self.bits().cast_signed() as f64 * SCALE
    }
}

fn times(a: u64, b: u64) -> u64 {
    a.wrapping_mul(b) & MASK
}

fn power(base: u64, exponent: u64) -> u64 {
    let (mut square, mut left, mut result) = (base, exponent, 1);
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        left >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn going_ahead_is_drawing() {
        let start = Random::new(271_828_183);
        let mut drawn = start.clone();
        for draws in 0..100 {
            assert_eq!(start.ahead(draws).state, drawn.state);
            drawn.bits();
        }
    }
}
