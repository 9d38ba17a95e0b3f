//! The numbers that all data start from: a tenth, more or less.
//!
//! UCRL-53745 fills its common blocks with one slowly varying sequence, so
//! that sums stay of moderate size. What a variable starts with depends on its
//! place in its block: whoever draws must draw in the order of the block.

use std::array::from_fn;

const FUZZ: f64 = 0.0012345;

/// The sequence, from its beginning.
pub(super) struct Noise {
    fuzz: f64,
    buzz: f64,
}

impl Noise {
    /// Starts over, as every block does.
    pub(super) fn new() -> Noise {
        let fuzz = FUZZ;
        let buzz = 1.0 + fuzz;
        Noise { fuzz, buzz }
    }

    /// The next number.
    pub(super) fn draw(&mut self) -> f64 {
        let fizz = 1.1 * FUZZ;
        let tenth = 1.0 / 10.0;
        self.buzz = (1.0 - self.fuzz) * self.buzz + self.fuzz;
        self.fuzz = -self.fuzz;
        (self.buzz - fizz) * tenth
    }

    /// The next `length` numbers.
    pub(super) fn line(&mut self, length: usize) -> Vec<f64> {
        (0..length).map(|_| self.draw()).collect()
    }

    /// The next `rows` rows of `WIDTH` numbers.
    pub(super) fn plane<const WIDTH: usize>(&mut self, rows: usize) -> Vec<[f64; WIDTH]> {
        (0..rows).map(|_| from_fn(|_| self.draw())).collect()
    }
}
