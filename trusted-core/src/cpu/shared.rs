//! Memory that the CPU reads and writes behind Rust's back: tables and stacks.

#![expect(
    unsafe_code,
    reason = "says that CPUs may share what only pointers reach"
)]

use core::cell::UnsafeCell;

/// A static that only pointers lead to: who follows one says why he may.
#[repr(transparent)]
pub(crate) struct Shared<T>(UnsafeCell<T>);

// SAFETY: nothing here makes a reference to the value.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Memory that holds `value` at first.
    pub(crate) const fn new(value: T) -> Shared<T> {
        Shared(UnsafeCell::new(value))
    }

    /// Where it lies.
    pub(crate) const fn get(&self) -> *mut T {
        self.0.get()
    }
}
