//! What CPUs share memory by: the machine's atomics and a lock that spins.
//!
//! In this crate's own tests they are those of the crate `models`, which behave as
//! usual, but inside of a model have every access be a step of it.

#[cfg(not(test))]
pub use core::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};
#[cfg(not(test))]
pub use spin::{Mutex, MutexGuard};

#[cfg(test)]
pub use models::sync::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, fence,
};
