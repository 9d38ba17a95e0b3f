//! Whether the core runs with user pages open to it.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use x86_64::registers::rflags::{self, RFlags};

use crate::trap::registers::Registers;

/// Traps of a ring 3 that had set the flag, in the high half, and those of them
/// in which it was still set, in the low half.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Notes a trap whose entry is over.
pub(crate) fn entered(registers: &Registers) {
    let flag = RFlags::ALIGNMENT_CHECK;
    if RFlags::from_bits_truncate(registers.rflags).contains(flag) {
        let is_open = rflags::read().contains(flag);
        COUNT.fetch_add(1 << 32 | u64::from(is_open), Relaxed);
    }
}

/// How many there were.
pub(super) fn count() -> u64 {
    COUNT.load(Relaxed)
}
