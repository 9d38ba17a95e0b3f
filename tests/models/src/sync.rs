//! What code under test shares memory by: as in `core` and `spin`, but in steps.

mod atomic;
mod mutex;

pub use std::sync::atomic::Ordering;

pub use self::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
pub use self::mutex::{Mutex, MutexGuard};

use crate::run;

/// A fence; only one of all orders keeps a load behind a store.
pub fn fence(order: Ordering) {
    match run::own() {
        Some((run, number)) if order == Ordering::SeqCst => run.fence(number),
        _ => std::sync::atomic::fence(order),
    }
}

/// This thread waits for another.
pub fn spin_loop() {
    run::pause();
}
