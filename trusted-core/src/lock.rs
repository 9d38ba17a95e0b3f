//! The lock around the core's shared state.
//!
//! Only traps from ring 3 take it, with interrupts off, and none nests: a CPU
//! waits for other CPUs only. A fault in the core itself never takes it.

#![expect(unsafe_code, reason = "a lock hands out exclusive references")]

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};

/// A spin lock.
pub(crate) struct Lock<T> {
    is_taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: only the holder of the lock reaches the value, one at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

/// The lock, taken.
pub(crate) struct Guard<'a, T> {
    lock: &'a Lock<T>,
}

impl<T> Lock<T> {
    /// An open lock around `value`.
    pub(crate) const fn new(value: T) -> Lock<T> {
        Lock {
            is_taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the lock.
    pub(crate) fn take(&self) -> Guard<'_, T> {
        while self.is_taken.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        Guard { lock: self }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard is the only way to the value while it lives.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the only way to the value while it lives.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.lock.is_taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_opens_when_its_guard_goes() {
        let lock = Lock::new(1);
        *lock.take() += 1;
        assert_eq!(*lock.take(), 2);
    }
}
