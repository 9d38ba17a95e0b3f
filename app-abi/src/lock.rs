//! A lock that blocks: the heap's.
//!
//! A spin lock is no choice under priorities: a thread that spins for one of
//! lower priority on the same CPU never gets it.

use core::sync::atomic::{AtomicU32, Ordering};

use gate::safe;
use talc::lock_api::{GuardSend, RawMutex};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may sleep.
const CONTENDED: u32 = 2;

/// A lock of one word on which waiters sleep.
#[derive(Debug)]
pub(crate) struct FutexLock(AtomicU32);

// SAFETY: only who changed the word from FREE holds the lock, and only its
// holder changes it back.
unsafe impl RawMutex for FutexLock {
    const INIT: FutexLock = FutexLock(AtomicU32::new(FREE));

    type GuardMarker = GuardSend;

    #[inline]
    fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.0
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[inline]
    unsafe fn unlock(&self) {
        if self.0.swap(FREE, Ordering::Release) == CONTENDED {
            self.wake_one();
        }
    }
}

impl FutexLock {
    #[cold]
    #[inline(never)]
    fn lock_contended(&self) {
        while self.0.swap(CONTENDED, Ordering::Acquire) != FREE {
            // SAFETY: the word stays valid, as the lock is borrowed.
            unsafe { safe::futex_wait(self.address(), CONTENDED, safe::FOREVER, 0) };
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_one(&self) {
        // SAFETY: the address is only compared.
        unsafe { safe::futex_wake(self.address(), 1) };
    }

    fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_not_given_again() {
        let lock = FutexLock::INIT;
        assert!(lock.try_lock());
        assert!(!lock.try_lock());
        // SAFETY: it is held.
        unsafe { lock.unlock() };
        assert!(lock.try_lock());
    }
}
