//! The Benchmarks Game's spectral-norm: an eigenvalue by the power method.
//!
//! The norm of the corner of an infinite matrix, whose entries are computed
//! wherever they are needed: 1, 1/2, 1/3 and so on along the diagonals. Ten
//! rounds, and the nine places that the Game publishes. The problem is the
//! third of Trefethen's "Hundred-dollar, Hundred-digit Challenge" (SIAM News
//! 35, 2002).

use std::hint::black_box;

use crate::{Check, Class};

pub(crate) fn run(class: Class) -> Vec<Check> {
    let (size, expected) = match class {
        Class::S | Class::W => (100, "1.274219991"),
        Class::A => (5500, "1.274224153"),
    };
    let norm = format!("{:.9}", spectral_norm(black_box(size)));
    vec![Check::text("spectral norm", &norm, expected)]
}

fn spectral_norm(size: usize) -> f64 {
    let mut u = vec![1.0; size];
    let mut v = vec![0.0; size];
    let mut scratch = vec![0.0; size];
    for _ in 0..10 {
        multiply_twice(&u, &mut scratch, &mut v);
        multiply_twice(&v, &mut scratch, &mut u);
    }
    (dot(&u, &v) / dot(&v, &v)).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// By the matrix, then by what it becomes when rows are columns.
fn multiply_twice(vector: &[f64], scratch: &mut [f64], product: &mut [f64]) {
    multiply(vector, scratch, entry);
    multiply(scratch, product, |row, column| entry(column, row));
}

fn multiply(vector: &[f64], product: &mut [f64], entry: impl Fn(usize, usize) -> f64) {
    for (row, sum) in product.iter_mut().enumerate() {
        let columns = vector.iter().enumerate();
        *sum = columns.map(|(column, x)| entry(row, column) * x).sum();
    }
}

fn entry(row: usize, column: usize) -> f64 {
    let diagonal = row + column;
    1.0 / (diagonal * (diagonal + 1) / 2 + row + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn the_norm_of_a_hundred_rows_is_the_published_one() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 1);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
