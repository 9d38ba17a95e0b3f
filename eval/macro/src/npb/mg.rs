//! MG, "multigrid": Poisson's equation on a periodic cube.
//!
//! Twenty point charges are placed at random, and four V-cycles over all grids
//! from 2³ points to the finest approach the potential; what must come out is
//! the size of what is then still missing. Source: NASA report RNR-94-007; results
//! of NPB 3.3.1.
//!
//! [`charges`] places the charges on a [`Grid`], [`stencil`] has what happens
//! within a grid, and [`transfer`] what happens between one and the next.

mod charges;
mod grid;
mod stencil;
mod transfer;

use self::grid::Grid;
use crate::{Check, Class};

const CYCLES: usize = 4;

pub(crate) fn run(class: Class) -> Vec<Check> {
    let problem = Problem::of(class);
    let charges = charges::place(1 << problem.levels);
    let mut levels: Vec<Level> = (1..=problem.levels).map(Level::new).collect();
    let finest = levels.last_mut().expect("every class has levels");
    stencil::residual(&finest.solution, &charges, &mut finest.residual);
    for _ in 0..CYCLES {
        cycle(&mut levels, &charges);
    }
    let norm = levels[levels.len() - 1].residual.norm();
    vec![Check::close(
        "norm of the residual",
        norm,
        problem.norm,
        1e-8,
    )]
}

/// One V-cycle: down to the coarsest grid, and up again.
fn cycle(levels: &mut [Level], charges: &Grid) {
    for fine in (1..levels.len()).rev() {
        let (fine, coarse) = neighbours(levels, fine);
        transfer::restrict(&fine.residual, &mut coarse.residual);
    }
    levels[0].solution.clear();
    levels[0].smooth();
    let finest = levels.len() - 1;
    for fine in 1..finest {
        let (fine, coarse) = neighbours(levels, fine);
        fine.solution.clear();
        transfer::prolong(&coarse.solution, &mut fine.solution);
        stencil::reduce_residual(&fine.solution, &mut fine.residual);
        fine.smooth();
    }
    let (finest, coarse) = neighbours(levels, finest);
    transfer::prolong(&coarse.solution, &mut finest.solution);
    stencil::residual(&finest.solution, charges, &mut finest.residual);
    finest.smooth();
    stencil::residual(&finest.solution, charges, &mut finest.residual);
}

/// The level `fine`, and the next coarser one.
fn neighbours(levels: &mut [Level], fine: usize) -> (&mut Level, &mut Level) {
    let (coarser, finer) = levels.split_at_mut(fine);
    (&mut finer[0], &mut coarser[fine - 1])
}

/// The grids of one fineness.
struct Level {
    solution: Grid,
    residual: Grid,
}

impl Level {
    /// The one with 2 to the power of `number` points on each edge.
    fn new(number: u32) -> Level {
        let grid = || Grid::new(1 << number);
        Level {
            solution: grid(),
            residual: grid(),
        }
    }

    fn smooth(&mut self) {
        stencil::smooth(&self.residual, &mut self.solution);
    }
}

/// A class: how much, and what must come of it.
struct Problem {
    /// How many grids there are; the finest has as many doublings on an edge.
    levels: u32,
    norm: f64,
}

impl Problem {
    fn of(class: Class) -> Problem {
        let (levels, norm) = match class {
            Class::S => (5, 0.530_770_700_573_4e-4),
            Class::W => (7, 0.646_732_937_533_9e-5),
            Class::A => (8, 0.243_336_530_906_9e-5),
        };
        Problem { levels, norm }
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::{Class, failures};

    #[test]
    fn class_s_is_right() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 1);
        assert!(failures(&checks).is_empty(), "{:?}", failures(&checks));
    }
}
