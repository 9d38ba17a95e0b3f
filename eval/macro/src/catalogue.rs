//! Every program, with its classes.

use crate::{Check, Class};

/// A program that checks itself.
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is one of the paper's ten.
    pub is_of_paper: bool,
    /// Whether rayon divides it among all CPUs.
    pub is_parallel: bool,
    /// The classes for which the outside world has values.
    pub classes: &'static [Class],
    /// Does the work; what it found.
    pub run: fn(Class) -> Vec<Check>,
}

/// All of them, in the order of the paper's figure, then ours.
pub const PROGRAMS: &[Program] = &[];

/// The program called `name`.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}
