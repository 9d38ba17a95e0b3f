//! The `rand` of glibc, from which Phoenix draws its inputs.
//!
//! Phoenix never seeds it, so a program sees the sequence of seed 1, and its
//! results can be repeated only with the same generator. This is the one that
//! glibc's manual calls `TYPE_3`: each number is the sum of those 31 and 3
//! places back, without its lowest bit, which is the least random.

/// How many numbers back the sum reaches, and its nearer summand.
const DEGREE: usize = 31;
const SEPARATION: usize = 3;

/// The generator as `srand(1)` leaves it.
pub(super) struct Rand {
    /// The last numbers, the oldest at `oldest`.
    state: [u32; DEGREE],
    oldest: usize,
}

impl Rand {
    pub(super) fn new() -> Rand {
        let mut rand = Rand {
            state: seed_state(1),
            oldest: SEPARATION,
        };
        for _ in 0..10 * DEGREE {
            rand.next();
        }
        rand
    }

    /// A number from 0 to `limit` - 1.
    pub(super) fn below(&mut self, limit: i32) -> i32 {
        self.next() % limit
    }

    fn next(&mut self) -> i32 {
        let nearer = (self.oldest + DEGREE - SEPARATION) % DEGREE;
        let sum = self.state[self.oldest].wrapping_add(self.state[nearer]);
        self.state[self.oldest] = sum;
        self.oldest = (self.oldest + 1) % DEGREE;
        (sum >> 1).cast_signed()
    }
}

/// Lehmer's "minimal standard" generator fills the first state.
fn seed_state(seed: u32) -> [u32; DEGREE] {
    let mut number = u64::from(seed);
    std::array::from_fn(|_| {
        let current = number;
        number = number * 16_807 % 2_147_483_647;
        u32::try_from(current).expect("it is below the modulus")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_as_glibc_does() {
        let mut rand = Rand::new();
        let found: [i32; 3] = std::array::from_fn(|_| rand.next());
        assert_eq!(found, [1_804_289_383, 846_930_886, 1_681_692_777]);
        let mut rand = Rand::new();
        let found: [i32; 5] = std::array::from_fn(|_| rand.below(100));
        assert_eq!(found, [83, 86, 77, 15, 93]);
    }
}
