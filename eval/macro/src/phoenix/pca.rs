//! Phoenix's pca: the covariances of the rows of a matrix.
//!
//! The first half of a principal component analysis, and all that Phoenix has
//! of it. All arithmetic is of whole numbers. The values were recorded from
//! Phoenix 2.0's own `pca-seq` without arguments and with `-r 100 -c 100`; its
//! default grid is 100. Both are tiny, so they are solved many times over.

use std::hint::black_box;

use super::random::Rand;
use crate::{Check, Class};

type Matrix = Vec<Vec<i32>>;
const GRID: i32 = 100;

/// A square matrix to draw, and what Phoenix found of its covariances.
struct Problem {
    size: usize,
    /// How often it is solved, each time from a new matrix.
    repetitions: usize,
    sum: i64,
    negative: i64,
    first_row: Option<[i32; 10]>,
}

const SAMPLE: Problem = Problem {
    size: 10,
    repetitions: 10_000,
    sum: 7992,
    negative: 34,
    first_row: Some([938, 28, 256, -13, 288, -423, 66, -24, -474, 46]),
};

const WORKSTATION: Problem = Problem {
    size: 100,
    repetitions: 1000,
    sum: 83_381,
    negative: 4900,
    first_row: None,
};

pub(crate) fn run(class: Class) -> Vec<Check> {
    let problem = match class {
        Class::S => SAMPLE,
        Class::W | Class::A => WORKSTATION,
    };
    let first = problem.solve();
    let again = (1..problem.repetitions).map(|_| problem.solve());
    let alike = 1 + again.filter(|solution| *solution == first).count();
    let repetitions = problem.repetitions as i64;
    let mut checks = vec![Check::exact("solutions alike", alike as i64, repetitions)];
    checks.extend(problem.checks(&first));
    checks
}

impl Problem {
    fn solve(&self) -> Matrix {
        let size = black_box(self.size);
        covariances(&random_matrix(size, size))
    }

    fn checks(&self, covariances: &Matrix) -> Vec<Check> {
        let all = || covariances.iter().flatten().copied();
        let sum = all().map(i64::from).sum();
        let negative = all().filter(|covariance| *covariance < 0).count() as i64;
        let mut checks = vec![
            Check::exact("sum of covariances", sum, self.sum),
            Check::exact("negative covariances", negative, self.negative),
        ];
        if let Some(expected) = self.first_row {
            let found = format!("{:?}", covariances[0]);
            checks.push(Check::text("row 0", &found, &format!("{expected:?}")));
        }
        checks
    }
}

fn random_matrix(rows: usize, columns: usize) -> Matrix {
    let mut rand = Rand::new();
    let mut row = |_| (0..columns).map(|_| rand.below(GRID)).collect();
    (0..rows).map(&mut row).collect()
}

/// All of them: the matrix is symmetric, so half of it is copied.
fn covariances(matrix: &Matrix) -> Matrix {
    let means: Vec<i32> = matrix.iter().map(|row| mean(row)).collect();
    let rows: Vec<_> = matrix.iter().zip(means).collect();
    let mut found = vec![vec![0; rows.len()]; rows.len()];
    for i in 0..rows.len() {
        for j in i..rows.len() {
            found[i][j] = covariance(rows[i], rows[j]);
            found[j][i] = found[i][j];
        }
    }
    found
}

/// Rounded towards zero, as everything here.
fn mean(row: &[i32]) -> i32 {
    row.iter().sum::<i32>() / length(row)
}

fn covariance((a, mean_a): (&Vec<i32>, i32), (b, mean_b): (&Vec<i32>, i32)) -> i32 {
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    products.sum::<i32>() / (length(a) - 1)
}

fn length(row: &[i32]) -> i32 {
    i32::try_from(row.len()).expect("rows are short")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn it_finds_what_phoenix_found() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 4);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
