//! Every program, with its classes.

use crate::Class::{A, S, W};
use crate::{Check, Class};
use crate::{boundary, classic, extra, npb, phoenix};

/// A program that checks itself.
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// Where it belongs.
    pub kind: Kind,
    /// The classes for which there are values.
    pub classes: &'static [Class],
    /// Does the work; what it found.
    pub run: fn(Class) -> Vec<Check>,
}

/// Where a program belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Among the ten of the paper's figure.
    Paper,
    /// Among those that compute, with values of somebody else.
    Extra,
    /// Among those that cross into the kernel.
    Boundary,
    /// Among those that rayon divides among all CPUs.
    Parallel,
}

/// All of them, in the order of the paper's figure, then ours.
pub const PROGRAMS: &[Program] = &[
    paper("cg", &[S, W, A], npb::cg::run),
    paper("is", &[S, W, A], npb::is::run),
    paper("ep", &[S, W, A], npb::ep::run),
    paper("mg", &[S, W, A], npb::mg::run),
    paper("kmeans", &[S, W], phoenix::kmeans::run),
    paper("pca", &[S, W], phoenix::pca::run),
    paper("whetstone", &[S, W, A], classic::whetstone::run),
    paper("dhrystone", &[S, W, A], classic::dhrystone::run),
    paper("livermore", &[S, W, A], classic::livermore::run),
    paper("linpack", &[S, W, A], classic::linpack::run),
    extra("blackscholes", &[S, W], extra::blackscholes::run),
    extra("n-body", &[S, A], extra::n_body::run),
    extra("spectral-norm", &[S, A], extra::spectral_norm::run),
    extra("fannkuch", &[S, W], extra::fannkuch::run),
    boundary("tree", &[S, W, A], boundary::tree::run),
    boundary("ping-pong", &[S, W, A], boundary::ping_pong::run),
    parallel("ep-parallel", &[S, W, A], npb::ep::run_parallel),
    parallel("cg-parallel", &[S, W, A], npb::cg::run_parallel),
    parallel("kmeans-parallel", &[S, W], phoenix::kmeans::run_parallel),
];

/// Does the work of a class; what it found.
type Run = fn(Class) -> Vec<Check>;

const fn paper(name: &'static str, classes: &'static [Class], run: Run) -> Program {
    program(name, Kind::Paper, classes, run)
}

const fn extra(name: &'static str, classes: &'static [Class], run: Run) -> Program {
    program(name, Kind::Extra, classes, run)
}

const fn boundary(name: &'static str, classes: &'static [Class], run: Run) -> Program {
    program(name, Kind::Boundary, classes, run)
}

const fn parallel(name: &'static str, classes: &'static [Class], run: Run) -> Program {
    program(name, Kind::Parallel, classes, run)
}

const fn program(
    name: &'static str,
    kind: Kind,
    classes: &'static [Class],
    run: Run,
) -> Program {
    Program {
        name,
        kind,
        classes,
        run,
    }
}

/// The program called `name`.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Paper => "paper",
            Kind::Extra => "extra",
            Kind::Boundary => "boundary",
            Kind::Parallel => "parallel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn every_program_finds_what_it_must_and_notices_each_wrong_expectation() {
        for program in PROGRAMS {
            let name = program.name;
            let checks = (program.run)(S);
            assert!(!checks.is_empty(), "{name} checks nothing");
            assert!(failures(&checks).is_empty(), "{name}: {checks:?}");
            let distorted: Vec<Check> = checks.iter().map(Check::distorted).collect();
            assert_eq!(failures(&distorted).len(), checks.len(), "{name}");
        }
    }

    #[test]
    fn the_paper_has_ten_programs_and_every_program_a_class_s() {
        let of_paper = PROGRAMS.iter().filter(|it| it.kind == Kind::Paper);
        assert_eq!(of_paper.count(), 10);
        assert!(PROGRAMS.iter().all(|program| program.classes.contains(&S)));
    }
}
