//! IS, "integer sort": the ranks of small integers.
//!
//! Ten times two keys change and the rank of every key is found by counting:
//! how many are smaller. Five ranks are looked at each time, and in the end the
//! keys are sorted by them. Source: NASA report RNR-94-007; results of NPB 3.3.1.
//!
//! The original first scatters the keys into buckets, which spares the caches
//! of a big machine; its own option to do without is taken here.

use self::Drift::{Down, Up};
use super::random::{self, Random};
use crate::{Check, Class};

const SEED: u64 = 314_159_265;
const ITERATIONS: usize = 10;
/// How many ranks are looked at in an iteration.
const PROBES: usize = 5;

pub(crate) fn run(class: Class) -> Vec<Check> {
    let problem = Problem::of(class);
    let mut keys = problem.keys();
    let mut counts = vec![0; problem.max_key()];
    let mut right_ranks = 0;
    for iteration in 1..=ITERATIONS {
        keys[iteration] = iteration as u32;
        keys[iteration + ITERATIONS] = (problem.max_key() - iteration) as u32;
        count(&keys, &mut counts);
        right_ranks += problem.right_ranks(&keys, &counts, iteration);
    }
    let sorted = sort(&keys, &mut counts);
    let disorder = sorted.windows(2).filter(|pair| pair[0] > pair[1]).count();
    let probes = PROBES * ITERATIONS;
    vec![
        Check::exact("number of right ranks", right_ranks as i64, probes as i64),
        Check::exact("number of keys out of order", disorder as i64, 0),
    ]
}

/// Makes `counts[key]` the number of keys up to and with `key`.
fn count(keys: &[u32], counts: &mut [u32]) {
    counts.fill(0);
    for &key in keys {
        counts[key as usize] += 1;
    }
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}

/// The keys in the order of their ranks; uses up `counts`.
fn sort(keys: &[u32], counts: &mut [u32]) -> Vec<u32> {
    let mut sorted = vec![0; keys.len()];
    for &key in keys {
        let place = &mut counts[key as usize];
        *place -= 1;
        sorted[*place as usize] = key;
    }
    sorted
}

/// A class: how much, and what must come of it.
struct Problem {
    log2_keys: u32,
    log2_max_key: u32,
    probes: [Probe; PROBES],
}

/// A key whose rank is known.
struct Probe {
    /// Which of the keys it is.
    index: usize,
    /// Its rank, but for the two keys that change.
    rank: i64,
    /// How the rank follows the iteration.
    drift: Drift,
}

/// By how much a rank differs after so many iterations.
enum Drift {
    /// Up by each after this one.
    Up(i64),
    /// Down by each after this one.
    Down(i64),
}

impl Problem {
    fn of(class: Class) -> Problem {
        match class {
            Class::S => Problem {
                log2_keys: 16,
                log2_max_key: 11,
                probes: [
                    Probe::new(48_427, 0, Up(0)),
                    Probe::new(17_148, 18, Up(0)),
                    Probe::new(23_627, 346, Up(0)),
                    Probe::new(62_548, 64_917, Down(0)),
                    Probe::new(4_431, 65_463, Down(0)),
                ],
            },
            Class::W => Problem {
                log2_keys: 20,
                log2_max_key: 16,
                probes: [
                    Probe::new(357_773, 1_249, Up(2)),
                    Probe::new(934_767, 11_698, Up(2)),
                    Probe::new(875_723, 1_039_987, Down(0)),
                    Probe::new(898_999, 1_043_896, Down(0)),
                    Probe::new(404_505, 1_048_018, Down(0)),
                ],
            },
            Class::A => Problem {
                log2_keys: 23,
                log2_max_key: 19,
                probes: [
                    Probe::new(2_112_377, 104, Up(1)),
                    Probe::new(662_041, 17_523, Up(1)),
                    Probe::new(5_336_171, 123_928, Up(1)),
                    Probe::new(3_642_833, 8_288_932, Down(1)),
                    Probe::new(4_250_760, 8_388_264, Down(1)),
                ],
            },
        }
    }

    fn max_key(&self) -> usize {
        1 << self.log2_max_key
    }

    /// Each a quarter of the greatest key times the sum of four random numbers.
    fn keys(&self) -> Vec<u32> {
        let mut random = Random::new(SEED);
        let shift = random::BITS + 2 - self.log2_max_key;
        let mut key = || {
            let sum: u64 = (0..4).map(|_| random.bits()).sum();
            (sum >> shift) as u32
        };
        (0..1 << self.log2_keys).map(|_| key()).collect()
    }

    fn right_ranks(&self, keys: &[u32], counts: &[u32], iteration: usize) -> usize {
        let is_right = |probe: &&Probe| {
            // Below the key 0 there is nothing to look up, and the original
            // takes that as wrong, too.
            let below = keys[probe.index].checked_sub(1);
            let rank = below.map(|key| i64::from(counts[key as usize]));
            rank == Some(probe.rank_in(iteration as i64))
        };
        self.probes.iter().filter(is_right).count()
    }
}

impl Probe {
    const fn new(index: usize, rank: i64, drift: Drift) -> Probe {
        Probe { index, rank, drift }
    }

    fn rank_in(&self, iteration: i64) -> i64 {
        match self.drift {
            Up(from) => self.rank + iteration - from,
            Down(from) => self.rank - (iteration - from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::{Class, failures};

    #[test]
    fn class_s_is_right() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 2);
        assert!(failures(&checks).is_empty(), "{:?}", failures(&checks));
    }
}
