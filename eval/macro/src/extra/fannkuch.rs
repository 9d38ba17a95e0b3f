//! The Benchmarks Game's fannkuch-redux: pancakes, flipped in every order.
//!
//! As many pancakes as the top one says are turned over, until the top one is
//! the first. Counted over all permutations (Anderson and Rettig, 1994); the
//! Game publishes the most flips and a checksum that depends on the order in
//! which the permutations come.

use std::hint::black_box;

use crate::{Check, Class};

pub(crate) fn run(class: Class) -> Vec<Check> {
    let (pancakes, checksum, most_flips) = match class {
        Class::S => (7, 228, 16),
        Class::W | Class::A => (10, 73_196, 38),
    };
    let found = flip_all(black_box(pancakes));
    vec![
        Check::exact("checksum", found.checksum, checksum),
        Check::exact("most flips", found.most_flips, most_flips),
    ]
}

struct Found {
    checksum: i64,
    most_flips: i64,
}

fn flip_all(pancakes: usize) -> Found {
    let mut permutations = Permutations::new(pancakes);
    let mut scratch = vec![0; pancakes];
    let [mut checksum, mut most_flips] = [0, 0];
    // Every second permutation counts against the others.
    for sign in [1, -1].into_iter().cycle() {
        scratch.copy_from_slice(&permutations.current);
        let flips = count_flips(&mut scratch);
        checksum += sign * flips;
        most_flips = most_flips.max(flips);
        if !permutations.advance() {
            break;
        }
    }
    Found {
        checksum,
        most_flips,
    }
}

fn count_flips(stack: &mut [usize]) -> i64 {
    let mut flips = 0;
    while stack[0] != 0 {
        let top = stack[0];
        stack[..=top].reverse();
        flips += 1;
    }
    flips
}

/// All orders of numbers from 0, in the Game's order.
struct Permutations {
    current: Vec<usize>,
    /// How often each beginning has been rotated, by its length less 1.
    rotations: Vec<usize>,
}

impl Permutations {
    fn new(count: usize) -> Permutations {
        Permutations {
            current: (0..count).collect(),
            rotations: vec![0; count],
        }
    }

    /// Rotates the shortest beginning that has not been all the way round, and
    /// those that have. Whether there was one.
    fn advance(&mut self) -> bool {
        for last in 1..self.current.len() {
            self.current[..=last].rotate_left(1);
            self.rotations[last] += 1;
            if self.rotations[last] <= last {
                return true;
            }
            self.rotations[last] = 0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn seven_pancakes_take_as_many_flips_as_published() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 2);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }

    #[test]
    fn every_permutation_comes_once() {
        let mut permutations = Permutations::new(4);
        let mut seen = std::collections::BTreeSet::from([permutations.current.clone()]);
        while permutations.advance() {
            assert!(seen.insert(permutations.current.clone()));
        }
        assert_eq!(seen.len(), 24);
    }
}
