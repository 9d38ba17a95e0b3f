//! CG, "conjugate gradient": the smallest eigenvalue of a sparse matrix.
//!
//! Inverse power iteration: a random symmetric matrix is applied backwards
//! fifteen times, each time by 25 steps of the conjugate gradient method, and
//! the estimate ζ of the eigenvalue is compared with the published one. Source:
//! NASA report RNR-94-007; results of NPB 3.3.1.
//!
//! [`make`] makes the matrix, which a [`Matrix`] keeps by its nonzeros. The
//! steps are those of a [`Team`], of one thread or of many.

mod make;
mod matrix;
mod team;

use self::matrix::Matrix;
use self::team::{Alone, Team, Together, dot};
use crate::{Check, Class};

/// How often the matrix is applied backwards.
const ITERATIONS: usize = 15;
/// How many steps the conjugate gradient method takes for it.
const STEPS: usize = 25;
/// The share by which ζ may differ, and the limit of the last solution's error.
/// The latter is ours, for the original only prints it.
const TOLERANCE: f64 = 1e-10;

/// By one thread.
pub(crate) fn run(class: Class) -> Vec<Check> {
    run_by(&mut Alone, &Problem::of(class))
}

/// By rayon's threads.
pub(crate) fn run_parallel(class: Class) -> Vec<Check> {
    let problem = Problem::of(class);
    run_by(&mut Together::new(problem.order), &problem)
}

fn run_by(team: &mut impl Team, problem: &Problem) -> Vec<Check> {
    let matrix = make::matrix(problem.order, problem.nonzeros, problem.shift);
    let mut solver = Solver::new(problem.order);
    let mut x = vec![1.0; problem.order];
    let (mut zeta, mut error) = (0.0, 0.0);
    for _ in 0..ITERATIONS {
        error = solver.solve(team, &matrix, &x);
        let z = &solver.solution;
        zeta = problem.shift + 1.0 / dot(&x, z);
        let length = dot(z, z).sqrt();
        for (x, z) in x.iter_mut().zip(z) {
            *x = z / length;
        }
    }
    vec![
        Check::close("zeta", zeta, problem.zeta, TOLERANCE),
        Check::below("the last solution's error", error, TOLERANCE),
    ]
}

/// Solves systems of equations by the conjugate gradient method.
struct Solver {
    solution: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
}

impl Solver {
    fn new(order: usize) -> Solver {
        let zeros = || vec![0.0; order];
        Solver {
            solution: zeros(),
            residual: zeros(),
            direction: zeros(),
            product: zeros(),
        }
    }

    /// Makes `matrix · solution` nearly `x`; how far it is off.
    fn solve(&mut self, team: &mut impl Team, matrix: &Matrix, x: &[f64]) -> f64 {
        let Solver {
            solution,
            residual,
            direction,
            product,
        } = self;
        solution.fill(0.0);
        residual.copy_from_slice(x);
        direction.copy_from_slice(x);
        let mut square = dot(x, x);
        for _ in 0..STEPS {
            let bend = team.multiply(matrix, direction, product);
            let before = square;
            square = team.advance(before / bend, direction, product, solution, residual);
            team.turn(square / before, residual, direction);
        }
        team.multiply(matrix, solution, product);
        distance(x, product)
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}

/// A class: how much, and what must come of it.
struct Problem {
    /// How many rows the matrix has.
    order: usize,
    /// How many nonzeros each random vector has.
    nonzeros: usize,
    /// By how much the matrix's eigenvalues are shifted down.
    shift: f64,
    zeta: f64,
}

impl Problem {
    fn of(class: Class) -> Problem {
        match class {
            Class::S => Problem {
                order: 1_400,
                nonzeros: 7,
                shift: 10.0,
                zeta: 8.597_177_507_864_8,
            },
            Class::W => Problem {
                order: 7_000,
                nonzeros: 8,
                shift: 12.0,
                zeta: 10.362_595_087_124,
            },
            Class::A => Problem {
                order: 14_000,
                nonzeros: 11,
                shift: 20.0,
                zeta: 17.130_235_054_029,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{run, run_parallel};
    use crate::{Class, failures};

    #[test]
    fn class_s_is_right() {
        for run in [run, run_parallel] {
            let checks = run(Class::S);
            assert_eq!(checks.len(), 2);
            assert!(failures(&checks).is_empty(), "{:?}", failures(&checks));
        }
    }

    #[test]
    fn threads_change_nothing() {
        let results = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("the host has threads");
            format!("{:?}", pool.install(|| run_parallel(Class::S)))
        });
        assert_eq!(results[0], results[1]);
    }
}
