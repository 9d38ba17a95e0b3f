//! Phoenix's kmeans: points of three dimensions, grouped around means.
//!
//! Each iteration gives every point to its nearest mean and moves each mean to
//! the middle of its points, until no point changes its mean. All arithmetic
//! is of whole numbers, so the order of additions does not matter and both
//! variants find the same. The values were recorded from Phoenix 2.0's own
//! `kmeans-seq` with `-p POINTS -c MEANS`; its default grid is 1000. Among them is
//! the SHA-256 of all means, a line `x y z` each.

use rayon::prelude::{
    IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut,
};
use sha2::{Digest, Sha256};

use super::random::Rand;
use crate::{Check, Class, chunk};

type Point = [i32; 3];
const GRID: i32 = 1000;
/// Points that one task takes: ten tasks in class S.
const CHUNK: usize = 100;

/// A problem, and what Phoenix found.
struct Problem {
    points: usize,
    means: usize,
    /// How often it is solved, each time from new points.
    repetitions: usize,
    iterations: i64,
    sum_of_means: i64,
    /// The first of the means, as far as they were recorded.
    first_means: &'static [Point],
    /// The beginning of the digest of all.
    digest: &'static str,
}

const SAMPLE: Problem = Problem {
    points: 1000,
    means: 10,
    repetitions: 100,
    iterations: 11,
    sum_of_means: 15_098,
    first_means: &[[195, 530, 245], [822, 743, 283]],
    digest: "e34b7658b13d0c08",
};

const WORKSTATION: Problem = Problem {
    points: 10_000,
    means: 20,
    repetitions: 1,
    iterations: 113,
    sum_of_means: 29_951,
    first_means: &[],
    digest: "e532f6a939476747",
};

pub(crate) fn run(class: Class) -> Vec<Check> {
    problem(class).solve(assign)
}

/// The same with the points divided among all CPUs.
pub(crate) fn run_parallel(class: Class) -> Vec<Check> {
    problem(class).solve(assign_parallel)
}

fn problem(class: Class) -> Problem {
    match class {
        Class::S => SAMPLE,
        Class::W | Class::A => WORKSTATION,
    }
}

/// Gives points to means: the points, the means, and whose each point is.
type Assign = fn(&[Point], &[Point], &mut [usize]) -> Groups;

impl Problem {
    fn solve(&self, assign: Assign) -> Vec<Check> {
        let first = self.cluster(assign);
        let again = (1..self.repetitions).map(|_| self.cluster(assign));
        let alike = 1 + again.filter(|solution| *solution == first).count();
        let repetitions = self.repetitions as i64;
        let mut checks = vec![Check::exact("solutions alike", alike as i64, repetitions)];
        checks.extend(self.checks(&first));
        checks
    }

    fn checks(&self, solution: &Solution) -> Vec<Check> {
        let Solution { means, iterations } = solution;
        let sum = means.iter().flatten().sum::<i32>().into();
        let mut checks = vec![
            Check::exact("iterations", *iterations, self.iterations),
            Check::exact("sum of means", sum, self.sum_of_means),
        ];
        checks.push(Check::text(
            "digest of all means",
            &digest(means),
            self.digest,
        ));
        for (number, (found, expected)) in means.iter().zip(self.first_means).enumerate() {
            let [found, expected] = [found, expected].map(|mean| format!("{mean:?}"));
            checks.push(Check::text(format!("mean {number}"), &found, &expected));
        }
        checks
    }

    fn cluster(&self, assign: Assign) -> Solution {
        let mut rand = Rand::new();
        let points = random_points(&mut rand, self.points);
        let mut means = random_points(&mut rand, self.means);
        let mut owners = vec![usize::MAX; self.points];
        let mut iterations = 0;
        loop {
            iterations += 1;
            let groups = assign(&points, &means, &mut owners);
            groups.move_means(&mut means);
            if !groups.is_changed {
                return Solution { means, iterations };
            }
        }
    }
}

#[derive(PartialEq)]
struct Solution {
    means: Vec<Point>,
    iterations: i64,
}

/// The first eight bytes of the digest, in hexadecimal.
fn digest(means: &[Point]) -> String {
    let lines: String = means
        .iter()
        .map(|[x, y, z]| format!("{x} {y} {z}\n"))
        .collect();
    let digest = Sha256::digest(lines.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn random_points(rand: &mut Rand, count: usize) -> Vec<Point> {
    let point = |_| std::array::from_fn(|_| rand.below(GRID));
    (0..count).map(point).collect()
}

fn assign_parallel(points: &[Point], means: &[Point], owners: &mut [usize]) -> Groups {
    let part = |(points, owners)| {
        chunk::begin();
        assign(points, means, owners)
    };
    let chunks = points
        .par_chunks(CHUNK)
        .zip(owners.par_chunks_mut(CHUNK))
        .map(part);
    chunks.reduce(|| Groups::none(means.len()), Groups::joined)
}

fn assign(points: &[Point], means: &[Point], owners: &mut [usize]) -> Groups {
    let mut groups = Groups::none(means.len());
    for (point, owner) in points.iter().zip(owners) {
        let nearest = nearest(point, means);
        groups.is_changed |= *owner != nearest;
        *owner = nearest;
        groups.add(nearest, 1, point);
    }
    groups
}

/// The first of the means that are nearest.
fn nearest(point: &Point, means: &[Point]) -> usize {
    let distances = means.iter().map(|mean| squared_distance(point, mean));
    let nearest = distances.enumerate().min_by_key(|(_, distance)| *distance);
    nearest.expect("there are means").0
}

fn squared_distance(a: &Point, b: &Point) -> u32 {
    let squares = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b).pow(2));
    squares.sum()
}

/// The points of each mean, counted and added up.
struct Groups {
    counts: Vec<i32>,
    sums: Vec<Point>,
    /// Whether a point has come from another group.
    is_changed: bool,
}

impl Groups {
    fn none(count: usize) -> Groups {
        Groups {
            counts: vec![0; count],
            sums: vec![[0; 3]; count],
            is_changed: false,
        }
    }

    fn add(&mut self, group: usize, count: i32, sum: &Point) {
        self.counts[group] += count;
        for (total, summand) in self.sums[group].iter_mut().zip(sum) {
            *total += summand;
        }
    }

    fn joined(mut self, other: Groups) -> Groups {
        for (group, (count, sum)) in other.counts.iter().zip(&other.sums).enumerate() {
            self.add(group, *count, sum);
        }
        self.is_changed |= other.is_changed;
        self
    }

    /// A mean without points stays where it is.
    fn move_means(&self, means: &mut [Point]) {
        for ((mean, sum), count) in means.iter_mut().zip(&self.sums).zip(&self.counts) {
            if *count != 0 {
                *mean = sum.map(|sum| sum / count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn both_variants_find_what_phoenix_found() {
        for checks in [run(Class::S), run_parallel(Class::S)] {
            assert_eq!(checks.len(), 6);
            assert!(failures(&checks).is_empty(), "{checks:?}");
        }
    }
}
