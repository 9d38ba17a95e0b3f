//! The right-hand side: ten charges of 1 and ten of -1.
//!
//! A random number is drawn for each point. Where the ten greatest are, the
//! charge is 1; where the ten smallest are, it is -1. The original draws them
//! all before it looks; here only the twenty are kept.

use super::grid::Grid;
use crate::npb::random::{self, Random};

const SEED: u64 = 314_159_265;
/// How many charges there are of each sign.
const CHARGES: usize = 10;

/// A grid with `points` on each edge, and the charges on it.
pub(super) fn place(points: usize) -> Grid {
    let mut random = Random::new(SEED);
    let (mut greatest, mut smallest) = (Greatest::default(), Greatest::default());
    for point in 0..points.pow(3) {
        let bits = random.bits();
        greatest.offer(bits, point);
        smallest.offer((1 << random::BITS) - bits, point);
    }
    let mut grid = Grid::new(points);
    for (found, charge) in [(greatest, 1.0), (smallest, -1.0)] {
        for (_, point) in found.kept {
            let [plane, row, column] =
                [points.pow(2), points, 1].map(|step| point / step % points + 1);
            grid.row_mut(plane, row)[column] = charge;
        }
    }
    grid.wrap();
    grid
}

/// The greatest numbers so far, from small to great, and their points.
#[derive(Default)]
struct Greatest {
    kept: [(u64, usize); CHARGES],
}

impl Greatest {
    #[inline]
    fn offer(&mut self, number: u64, point: usize) {
        if number > self.kept[0].0 {
            self.keep(number, point);
        }
    }

    #[cold]
    fn keep(&mut self, number: u64, point: usize) {
        self.kept[0] = (number, point);
        self.kept.sort_unstable();
    }
}
