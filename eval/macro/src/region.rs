//! The part of the program that counts.
//!
//! Whoever looks from outside, as simulators do, takes these instructions as
//! its bounds. They do nothing, and every x86-64 CPU has them. So neither boot
//! nor what is printed is part of a count.

use std::arch::asm;

/// Does `work` between the bounds.
pub fn counted<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: a NOP has an operand, but touches no memory.
    unsafe {
        asm!(
            ".byte 0x0f, 0x1f, 0x80",
            ".ascii \"BEGN\"",
            options(nostack)
        )
    };
    let result = work();
    // SAFETY: as above.
    unsafe {
        asm!(
            ".byte 0x0f, 0x1f, 0x80",
            ".ascii \"ENDS\"",
            options(nostack)
        )
    };
    result
}
