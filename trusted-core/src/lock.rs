//! The lock around the core's shared state.
//!
//! Interrupts are off where it is taken, and it never nests: a CPU waits for
//! other CPUs only, and meanwhile answers what they ask of it, or stops if one
//! of them has ended the machine. A fault in the core itself never takes it.

#![expect(unsafe_code, reason = "a lock hands out exclusive references")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::report;
use crate::smp::shootdown;

/// A spin lock.
pub(crate) struct Lock<T> {
    is_taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: only the holder of the lock reaches the value, one at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// An open lock around `value`.
    pub(crate) const fn new(value: T) -> Lock<T> {
        Lock {
            is_taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Gives the value to `work`, alone. `work` must not take the lock again.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        shootdown::serve();
        while self.is_taken.swap(true, Ordering::Acquire) {
            while self.is_taken.load(Ordering::Relaxed) {
                shootdown::serve();
                report::stop_if_ended();
                core::hint::spin_loop();
            }
        }
        // SAFETY: nobody else gets past the loop above until the store below.
        let result = work(unsafe { &mut *self.value.get() });
        self.is_taken.store(false, Ordering::Release);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_opens_when_the_work_is_done() {
        let lock = Lock::new(1);
        lock.with(|value| *value += 1);
        assert_eq!(lock.with(|value| *value), 2);
    }
}
