//! EP, "embarrassingly parallel": pairs of Gaussian deviates.
//!
//! Points of a square are drawn, those in the unit circle become pairs of
//! Gaussian deviates by Marsaglia's polar method, and the pairs are added up and
//! counted by the square annulus that they lie in. Source: NASA report RNR-94-007;
//! results of NPB 3.3.1.
//!
//! The batches are added up in their order, so that the last digit does not
//! depend on how many threads there are.

use std::ops::Add;

use rayon::prelude::*;

use super::random::Random;
use crate::{Check, Class, chunk};

const SEED: u64 = 271_828_183;
/// How many pairs of numbers are a batch, which nobody divides.
const BATCH: u64 = 1 << 12;
/// How many annuli are counted; no pair lies further out.
const ANNULI: usize = 10;

/// By one thread.
pub(crate) fn run(class: Class) -> Vec<Check> {
    let problem = Problem::of(class);
    let tally = (0..problem.batches())
        .map(batch)
        .fold(Tally::ZERO, Tally::add);
    problem.checks(&tally)
}

/// By rayon's threads.
pub(crate) fn run_parallel(class: Class) -> Vec<Check> {
    let problem = Problem::of(class);
    let tallies: Vec<Tally> = (0..problem.batches() as usize)
        .into_par_iter()
        .with_max_len(1)
        .map(|number| {
            chunk::begin();
            batch(number as u64)
        })
        .collect();
    problem.checks(&tallies.into_iter().fold(Tally::ZERO, Tally::add))
}

/// What the pairs of a batch come to.
fn batch(number: u64) -> Tally {
    let mut random = Random::new(SEED).ahead(2 * BATCH * number);
    let mut tally = Tally::ZERO;
    for _ in 0..BATCH {
        let x = 2.0 * random.uniform() - 1.0;
        let y = 2.0 * random.uniform() - 1.0;
        let square = x * x + y * y;
        if square <= 1.0 {
            let factor = (-2.0 * square.ln() / square).sqrt();
            tally.count(x * factor, y * factor);
        }
    }
    tally
}

/// Sums over pairs.
struct Tally {
    x: f64,
    y: f64,
    annuli: [i64; ANNULI],
}

impl Tally {
    const ZERO: Tally = Tally {
        x: 0.0,
        y: 0.0,
        annuli: [0; ANNULI],
    };

    #[inline]
    fn count(&mut self, x: f64, y: f64) {
        self.x += x;
        self.y += y;
        self.annuli[x.abs().max(y.abs()) as usize] += 1;
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(mut self, other: Tally) -> Tally {
        self.x += other.x;
        self.y += other.y;
        for (sum, count) in self.annuli.iter_mut().zip(other.annuli) {
            *sum += count;
        }
        self
    }
}

/// A class: how much, and what must come of it.
struct Problem {
    /// The binary logarithm of the number of pairs of numbers.
    log2_pairs: u32,
    x: f64,
    y: f64,
    /// How many pairs lie in the circle.
    pairs: i64,
    /// How many in each annulus, where that is known.
    annuli: Option<[i64; ANNULI]>,
}

impl Problem {
    fn of(class: Class) -> Problem {
        match class {
            Class::S => Problem {
                log2_pairs: 24,
                x: -3.247_834_652_034_74e3,
                y: -6.958_407_078_382_297e3,
                pairs: 13_176_389,
                annuli: Some([
                    6_140_517, 5_865_300, 1_100_361, 68_546, 1_648, 17, 0, 0, 0, 0,
                ]),
            },
            Class::W => Problem {
                log2_pairs: 25,
                x: -2.863_319_731_645_753e3,
                y: -6.320_053_679_109_499e3,
                pairs: 26_354_769,
                annuli: None,
            },
            Class::A => Problem {
                log2_pairs: 28,
                x: -4.295_875_165_629_892e3,
                y: -1.580_732_573_678_431e4,
                pairs: 210_832_767,
                annuli: None,
            },
        }
    }

    fn batches(&self) -> u64 {
        (1 << self.log2_pairs) / BATCH
    }

    fn checks(&self, found: &Tally) -> Vec<Check> {
        let mut checks = vec![
            Check::close("sum of x", found.x, self.x, 1e-8),
            Check::close("sum of y", found.y, self.y, 1e-8),
            Check::exact("number of pairs", found.annuli.iter().sum(), self.pairs),
        ];
        let annuli = self.annuli.iter().flatten().zip(found.annuli).enumerate();
        checks.extend(annuli.map(|(number, (&expected, found))| {
            Check::exact(format!("pairs in annulus {number}"), found, expected)
        }));
        checks
    }
}

#[cfg(test)]
mod tests {
    use super::{run, run_parallel};
    use crate::{Class, failures};

    #[test]
    fn class_s_is_right() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 13);
        assert!(failures(&checks).is_empty(), "{:?}", failures(&checks));
    }

    #[test]
    fn threads_change_nothing() {
        let [alone, together] = [run, run_parallel].map(|run| format!("{:?}", run(Class::S)));
        assert_eq!(alone, together);
    }
}
