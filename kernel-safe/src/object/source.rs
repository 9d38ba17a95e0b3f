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
}

impl Key {
    /// The bit that stands for it: a small number that no other key has.
    pub const fn bit(self) -> usize {
        match self {
            Key::Input => 0,
            Key::Counter(number) => (number as usize).saturating_add(1),
        }
    }
}
