//! Taking turns: a lock whose owner may sleep.
//!
//! A file system may wait for the host in the middle of a read, so what keeps
//! two reads of one position apart cannot be a spin lock. Who finds the turn
//! taken sleeps until it is given back.

use super::Place;
use crate::errno::Errno;
use crate::schedule::alarm::NEVER;
use crate::sync::{AtomicBool, Ordering};

/// A turn, which one thread at a time has.
#[derive(Debug)]
pub struct Turn {
    is_taken: AtomicBool,
    place: Place,
}

/// The turn, taken; given back when dropped.
#[derive(Debug)]
pub struct Taken<'a>(&'a Turn);

impl Turn {
    /// A free turn.
    pub const fn new() -> Turn {
        Turn {
            is_taken: AtomicBool::new(false),
            place: Place::new(),
        }
    }

    /// Waits for the turn.
    ///
    /// # Errors
    ///
    /// Memory to wait is short.
    pub fn take(&self) -> Result<Taken<'_>, Errno> {
        while self.is_taken.swap(true, Ordering::Acquire) {
            match self.place.wait(NEVER, || self.check_taken()) {
                Ok(_) | Err(Errno::Again) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(Taken(self))
    }

    /// Agrees to wait while the turn is taken.
    fn check_taken(&self) -> Result<(), Errno> {
        if self.is_taken.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(Errno::Again)
        }
    }
}

impl Default for Turn {
    fn default() -> Self {
        Turn::new()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.is_taken.store(false, Ordering::Release);
        self.0.place.wake(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_comes_back() {
        let turn = Turn::new();
        drop(turn.take());
        assert!(turn.check_taken().is_err());
        let taken = turn.take().expect("it is free");
        assert!(turn.check_taken().is_ok());
        drop(taken);
        assert!(turn.take().is_ok());
    }
}
