//! A value on the heap that may not have been had.
//!
//! `Box::new` ends the cell when memory is used up; this says so.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

/// Why there is always one.
const ONE: &str = "it was made with one value, which nobody takes";

/// A value on the heap.
#[derive(Debug)]
pub(super) struct Alone<T>(Vec<T>);

impl<T> Alone<T> {
    /// Puts `value` on the heap; gives it back if there is no memory.
    pub(super) fn new(value: T) -> Result<Alone<T>, T> {
        let mut place = Vec::new();
        match place.try_reserve_exact(1) {
            Ok(()) => {
                place.push(value);
                Ok(Alone(place))
            }
            Err(_) => Err(value),
        }
    }
}

impl<T> Deref for Alone<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.first().expect(ONE)
    }
}

impl<T> DerefMut for Alone<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.first_mut().expect(ONE)
    }
}
