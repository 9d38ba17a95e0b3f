//! The lock around the core's shared state.
//!
//! Interrupts are off where it is taken, and it never nests: a CPU waits for
//! other CPUs only, and meanwhile answers what they ask of it, or stops if one
//! of them has ended the machine. A fault in the core itself never takes it.
//! The turn to ask all CPUs is another such lock: who has the state may take
//! it, and who asks never takes the state.
//!
//! Who leaves while others wait pauses once. Where an emulator runs one CPU at a
//! time, and always looks at the others while this one is inside, they would
//! wait for ever.

#![expect(unsafe_code, reason = "a lock hands out exclusive references")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::report;
use crate::smp::shootdown;

/// A spin lock.
pub(crate) struct Lock<T> {
    is_taken: AtomicBool,
    /// How many CPUs wait.
    waiting: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: only the holder of the lock reaches the value, one at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// An open lock around `value`.
    pub(crate) const fn new(value: T) -> Lock<T> {
        Lock {
            is_taken: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Gives the value to `work`, alone. `work` must not take the lock again.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        shootdown::serve();
        if self.is_taken.swap(true, Ordering::Acquire) {
            self.wait();
        }
        // SAFETY: nobody else gets past the swap, here or in `wait`, until the
        // store below.
        let result = work(unsafe { &mut *self.value.get() });
        self.is_taken.store(false, Ordering::Release);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            core::hint::spin_loop();
        }
        result
    }

    /// Takes the lock as soon as nobody has it.
    #[cold]
    fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        loop {
            while self.is_taken.load(Ordering::Relaxed) {
                shootdown::serve();
                report::stop_if_ended();
                core::hint::spin_loop();
            }
            if !self.is_taken.swap(true, Ordering::Acquire) {
                break;
            }
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
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
