//! The random symmetric matrix whose eigenvalue is sought.
//!
//! A weighted sum of the outer products of sparse random vectors with
//! themselves, one for each row, on which the diagonal is shifted. The weights
//! fall from 1 to [`CONDITION`], which gives the matrix its condition number.

use super::matrix::Matrix;
use crate::npb::random::Random;

const SEED: u64 = 314_159_265;
/// What the weights fall to.
const CONDITION: f64 = 0.1;
/// The value that each vector has in its own row.
const OWN: f64 = 0.5;

/// One with `order` rows, of vectors with `nonzeros` random values.
pub(super) fn matrix(order: usize, nonzeros: usize, shift: f64) -> Matrix {
    let vectors = vectors(order, nonzeros);
    let touching = vectors.transposed();
    let weights = weights(order);
    let mut matrix = Matrix::with_room(order, order * (nonzeros + 1) * (nonzeros + 1));
    let mut sum = SparseSum::new(order);
    for row in 0..order {
        for (vector, value) in touching.row(row) {
            let weight = weights[vector as usize] * value;
            for (column, value) in vectors.row(vector as usize) {
                sum.add(column, value * weight);
            }
        }
        sum.add(row as u32, CONDITION - shift);
        matrix.push_row(sum.take());
    }
    matrix
}

fn weights(order: usize) -> Vec<f64> {
    let ratio = CONDITION.powf(1.0 / order as f64);
    let next = |weight: &f64| Some(weight * ratio);
    std::iter::successors(Some(1.0), next).take(order).collect()
}

/// The vectors, as the rows of a matrix.
fn vectors(order: usize, nonzeros: usize) -> Matrix {
    let mut random = Random::new(SEED);
    // The original draws one number for nothing before it makes the matrix.
    random.bits();
    let mut vectors = Matrix::with_room(order, order * (nonzeros + 1));
    let mut vector = Vec::with_capacity(nonzeros + 1);
    for own in 0..order as u32 {
        draw(&mut random, order, nonzeros, &mut vector);
        match vector.iter_mut().find(|(place, _)| *place == own) {
            Some((_, value)) => *value = OWN,
            None => vector.push((own, OWN)),
        }
        vectors.push_row(vector.drain(..));
    }
    vectors
}

/// Fills a vector with random values at as many different random places.
fn draw(random: &mut Random, order: usize, nonzeros: usize, vector: &mut Vec<(u32, f64)>) {
    // Places are drawn below a power of two, and those beyond the end dropped.
    let range = order.next_power_of_two() as f64;
    while vector.len() < nonzeros {
        let value = random.uniform();
        let place = (random.uniform() * range) as u32;
        let is_taken = vector.iter().any(|(taken, _)| *taken == place);
        if (place as usize) < order && !is_taken {
            vector.push((place, value));
        }
    }
}

/// Adds up the nonzeros of one row.
struct SparseSum {
    values: Vec<f64>,
    is_present: Vec<bool>,
    present: Vec<u32>,
}

impl SparseSum {
    fn new(order: usize) -> SparseSum {
        SparseSum {
            values: vec![0.0; order],
            is_present: vec![false; order],
            present: Vec::new(),
        }
    }

    fn add(&mut self, column: u32, value: f64) {
        let index = column as usize;
        self.values[index] += value;
        if !self.is_present[index] {
            self.is_present[index] = true;
            self.present.push(column);
        }
    }

    /// What has been added, by columns in their order; begins anew.
    fn take(&mut self) -> impl Iterator<Item = (u32, f64)> {
        self.present.sort_unstable();
        self.present.drain(..).map(|column| {
            let index = column as usize;
            self.is_present[index] = false;
            (column, std::mem::take(&mut self.values[index]))
        })
    }
}
