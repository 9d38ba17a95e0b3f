//! What is woken when the events of an object change.

use crate::wait::Place;

/// What may be waited for beside others.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Where.
    pub place: &'static Place,
    /// What it is.
    pub key: Key,
}

/// The name of what may be waited for beside others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// Standard input.
    Input,
    /// The event counter with this number.
    Counter(u32),
    /// The socket with this number.
    Socket(u32),
}

/// Counters and sockets take turns.
const fn place(number: u32, first: usize) -> usize {
    (number as usize).saturating_mul(2).saturating_add(first)
}

impl Key {
    /// The bit that stands for it: a small number that no other key has.
    pub const fn bit(self) -> usize {
        match self {
            Key::Input => 0,
            Key::Counter(number) => place(number, 1),
            Key::Socket(number) => place(number, 2),
        }
    }
}
