//! Linpack 100: a dense system of 100 equations in double precision, rolled.
//!
//! J. Dongarra, "Performance of Various Computers Using Standard Linear
//! Equations Software". Gaussian elimination with partial pivoting, column by
//! column, then both triangles are solved. The right side is chosen so that
//! all unknowns are 1. The original publishes a residual, but its digits are
//! the compiler's; what is fixed is that it stays small, and that the same
//! arithmetic has the same residual every time.

use std::iter::zip;

use crate::{Check, Class};

const N: usize = 100;

type Vector = [f64; N];
/// The columns of a square matrix.
type Columns = Vec<Vector>;

/// Solves the system again and again, and checks the last solution.
pub(crate) fn run(class: Class) -> Vec<Check> {
    let runs: i64 = match class {
        Class::S => 100,
        Class::W => 1000,
        Class::A => 10_000,
    };
    let first = solve_once();
    let mut last = first;
    let mut equal = 1;
    for _ in 1..runs {
        last = solve_once();
        equal += i64::from(last.residual == first.residual);
    }
    vec![
        Check::below("normalised residual", last.normalised(), 10.0),
        Check::close("first unknown", last.unknowns[0], 1.0, 1e-12),
        Check::close("last unknown", last.unknowns[N - 1], 1.0, 1e-12),
        Check::exact("runs with the same residual", equal, runs),
    ]
}

#[derive(Clone, Copy)]
struct Solution {
    unknowns: Vector,
    /// The greatest difference between both sides.
    residual: f64,
    /// The greatest coefficient.
    norm: f64,
}

impl Solution {
    /// The residual in units of what rounding alone may cause.
    fn normalised(&self) -> f64 {
        self.residual / (N as f64 * self.norm * greatest(&self.unknowns) * f64::EPSILON)
    }
}

fn solve_once() -> Solution {
    let coefficients = generate();
    let right_side = sums_of_rows(&coefficients);
    let mut factors = coefficients.clone();
    let pivots = factor(&mut factors);
    let mut unknowns = right_side;
    solve(&factors, &pivots, &mut unknowns);
    let mut difference = right_side.map(|right| -right);
    for (column, unknown) in zip(&coefficients, unknowns) {
        add_multiple(&mut difference, unknown, column);
    }
    Solution {
        unknowns,
        residual: greatest(&difference),
        norm: coefficients.iter().flatten().copied().fold(0.0, f64::max),
    }
}

/// Coefficients from -2 to 2, by the generator of the original.
fn generate() -> Columns {
    let mut state = 1325;
    let mut draw = || {
        state = 3125 * state % 65_536;
        (f64::from(state) - 32_768.0) / 16_384.0
    };
    (0..N).map(|_| std::array::from_fn(|_| draw())).collect()
}

fn sums_of_rows(columns: &Columns) -> Vector {
    let mut sums = [0.0; N];
    for column in columns {
        add_multiple(&mut sums, 1.0, column);
    }
    sums
}

/// Replaces a matrix by its factors (dgefa); which row was the pivot's.
///
/// A pivot of zero would be left alone, and is not met here.
fn factor(columns: &mut Columns) -> [usize; N] {
    let mut pivots = [N - 1; N];
    for k in 0..N - 1 {
        let (done, rest) = columns.split_at_mut(k + 1);
        let column = &mut done[k];
        let pivot = k + place_of_greatest(&column[k..]);
        pivots[k] = pivot;
        if column[pivot] == 0.0 {
            continue;
        }
        column.swap(k, pivot);
        let scale = -1.0 / column[k];
        column[k + 1..]
            .iter_mut()
            .for_each(|number| *number *= scale);
        for other in rest {
            other.swap(k, pivot);
            let multiple = other[k];
            add_multiple(&mut other[k + 1..], multiple, &column[k + 1..]);
        }
    }
    pivots
}

/// Replaces the right side by the unknowns (dgesl).
fn solve(factors: &Columns, pivots: &[usize; N], right_side: &mut Vector) {
    for k in 0..N - 1 {
        right_side.swap(k, pivots[k]);
        let multiple = right_side[k];
        add_multiple(&mut right_side[k + 1..], multiple, &factors[k][k + 1..]);
    }
    for k in (0..N).rev() {
        right_side[k] /= factors[k][k];
        let multiple = -right_side[k];
        add_multiple(&mut right_side[..k], multiple, &factors[k][..k]);
    }
}

/// Adds `multiple` times `numbers` (daxpy).
fn add_multiple(target: &mut [f64], multiple: f64, numbers: &[f64]) {
    if multiple == 0.0 {
        return;
    }
    for (to, number) in zip(target, numbers) {
        *to += multiple * number;
    }
}

/// Where the greatest size stands first (idamax).
fn place_of_greatest(numbers: &[f64]) -> usize {
    let mut place = 0;
    for (candidate, number) in numbers.iter().enumerate() {
        if number.abs() > numbers[place].abs() {
            place = candidate;
        }
    }
    place
}

fn greatest(numbers: &[f64]) -> f64 {
    numbers[place_of_greatest(numbers)].abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn the_unknowns_are_ones_and_the_residual_small() {
        let checks = run(Class::S);
        assert!(!checks.is_empty());
        let wrong = failures(&checks);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
