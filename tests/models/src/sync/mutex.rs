//! A lock like that of `spin`, freed by a plain store.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError};
use std::thread;

use super::{AtomicBool, Ordering, spin_loop};

/// A lock.
pub struct Mutex<T: ?Sized> {
    is_taken: AtomicBool,
    value: sync::Mutex<T>,
}

/// What is locked.
pub struct MutexGuard<'a, T: ?Sized> {
    // The order counts: it is free when nobody uses the value any more.
    value: sync::MutexGuard<'a, T>,
    _taken: Taken<'a>,
}

struct Taken<'a>(&'a AtomicBool);

impl<T> Mutex<T> {
    /// One that is free.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            is_taken: AtomicBool::new(false),
            value: sync::Mutex::new(value),
        }
    }

    /// What it has kept.
    pub fn into_inner(self) -> T {
        self.value
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until it is free.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            spin_loop();
        }
    }

    /// Locks it, if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        if self.is_taken.swap(true, Ordering::Acquire) {
            return None;
        }
        Some(MutexGuard {
            value: self.value.lock().unwrap_or_else(PoisonError::into_inner),
            _taken: Taken(&self.is_taken),
        })
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // Without an order where a test has failed: others may wait.
        let order = match thread::panicking() {
            true => Ordering::SeqCst,
            false => Ordering::Release,
        };
        self.0.store(false, order);
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
