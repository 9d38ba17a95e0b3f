//! Who takes a step of the conjugate gradient method: one thread, or many.
//!
//! Either cuts the rows into chunks, of which [`Alone`] has just one, and does
//! the same with each. [`Together`] adds up what the chunks come to in their
//! order, so that the last digit does not depend on how many threads there are.

use rayon::prelude::*;

use super::matrix::Matrix;
use crate::chunk;

/// How many rows are a chunk, which nobody divides.
const CHUNK: usize = 256;

/// The three parts of a step.
pub(super) trait Team {
    /// Makes `product` the `matrix` times `x`; the scalar product of it and `x`.
    fn multiply(&mut self, matrix: &Matrix, x: &[f64], product: &mut [f64]) -> f64;

    /// Moves `solution` along `direction`; the square of the new `residual`.
    fn advance(
        &mut self,
        by: f64,
        direction: &[f64],
        product: &[f64],
        solution: &mut [f64],
        residual: &mut [f64],
    ) -> f64;

    /// Makes `direction` the `residual` and a share of the old direction.
    fn turn(&mut self, share: f64, residual: &[f64], direction: &mut [f64]);
}

/// The scalar product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One thread.
pub(super) struct Alone;

impl Team for Alone {
    fn multiply(&mut self, matrix: &Matrix, x: &[f64], product: &mut [f64]) -> f64 {
        multiply(matrix, 0, x, product)
    }

    fn advance(
        &mut self,
        by: f64,
        direction: &[f64],
        product: &[f64],
        solution: &mut [f64],
        residual: &mut [f64],
    ) -> f64 {
        go(by, direction, solution);
        go(-by, product, residual);
        dot(residual, residual)
    }

    fn turn(&mut self, share: f64, residual: &[f64], direction: &mut [f64]) {
        turn(share, residual, direction);
    }
}

/// Rayon's threads.
pub(super) struct Together {
    /// What each chunk comes to.
    parts: Vec<f64>,
}

impl Together {
    pub(super) fn new(order: usize) -> Together {
        let parts = vec![0.0; order.div_ceil(CHUNK)];
        Together { parts }
    }
}

impl Team for Together {
    fn multiply(&mut self, matrix: &Matrix, x: &[f64], product: &mut [f64]) -> f64 {
        let chunks = product.par_chunks_mut(CHUNK).zip(&mut self.parts);
        chunks.enumerate().for_each(|(number, (product, part))| {
            chunk::begin();
            *part = multiply(matrix, number * CHUNK, x, product);
        });
        self.parts.iter().sum()
    }

    fn advance(
        &mut self,
        by: f64,
        direction: &[f64],
        product: &[f64],
        solution: &mut [f64],
        residual: &mut [f64],
    ) -> f64 {
        let along = direction.par_chunks(CHUNK).zip(product.par_chunks(CHUNK));
        let moved = solution
            .par_chunks_mut(CHUNK)
            .zip(residual.par_chunks_mut(CHUNK));
        let chunks = along.zip(moved).zip(&mut self.parts);
        chunks.for_each(|(((direction, product), (solution, residual)), part)| {
            chunk::begin();
            *part = Alone.advance(by, direction, product, solution, residual);
        });
        self.parts.iter().sum()
    }

    fn turn(&mut self, share: f64, residual: &[f64], direction: &mut [f64]) {
        let residual = residual.par_chunks(CHUNK);
        let chunks = direction.par_chunks_mut(CHUNK).zip(residual);
        chunks.for_each(|(direction, residual)| {
            chunk::begin();
            turn(share, residual, direction);
        });
    }
}

/// The rows of [`Team::multiply`] from `first`.
fn multiply(matrix: &Matrix, first: usize, x: &[f64], product: &mut [f64]) -> f64 {
    matrix.multiply_rows(first, x, product);
    dot(&x[first..first + product.len()], product)
}

/// Moves `place` along `direction`.
fn go(by: f64, direction: &[f64], place: &mut [f64]) {
    for (place, direction) in place.iter_mut().zip(direction) {
        *place += by * direction;
    }
}

fn turn(share: f64, residual: &[f64], direction: &mut [f64]) {
    for (direction, residual) in direction.iter_mut().zip(residual) {
        *direction = residual + share * *direction;
    }
}
