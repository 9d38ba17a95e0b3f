//! Whole programs whose results somebody else has published.
//!
//! The ten of "Intra-Unikernel Isolation with Intel Memory Protection Keys"
//! (VEE 2020) and a few more, written from their definitions. Each takes a
//! [`Class`] and answers with [`Check`]s: what it found, beside what the
//! outside world says it must find. A run counts only if all of them hold.
//!
//! These are ordinary programs of std that know nothing of what they run on,
//! so the same code is tested on the host.

#![forbid(unsafe_code)]

mod boundary;
mod catalogue;
mod check;
mod chunk;
mod classic;
mod extra;
mod npb;
mod phoenix;

pub use catalogue::{Kind, PROGRAMS, Program, find};
pub use check::{Check, failures};

/// How much a program has to do; what it means is the program's affair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// A sample: a second or so under emulation.
    S,
    /// A workstation's.
    W,
    /// The smallest that its authors take for a real problem.
    A,
}

impl Class {
    /// The letter for it.
    pub fn name(self) -> &'static str {
        match self {
            Class::S => "S",
            Class::W => "W",
            Class::A => "A",
        }
    }

    /// The class called `name`.
    pub fn from_name(name: &str) -> Option<Class> {
        match name {
            "S" => Some(Class::S),
            "W" => Some(Class::W),
            "A" => Some(Class::A),
            _ => None,
        }
    }
}
