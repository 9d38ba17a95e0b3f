//! What a domain finds in the vector registers.

use core::arch::asm;

/// The registers' lower halves, which every CPU has, or-ed together.
pub(super) fn found() -> i64 {
    let mut words = [0_u64; 2 * 16];
    // SAFETY: the registers are read, and there is a place for each.
    unsafe {
        asm!(
            "movups xmmword ptr [{words} + 0], xmm0",
            "movups xmmword ptr [{words} + 16], xmm1",
            "movups xmmword ptr [{words} + 32], xmm2",
            "movups xmmword ptr [{words} + 48], xmm3",
            "movups xmmword ptr [{words} + 64], xmm4",
            "movups xmmword ptr [{words} + 80], xmm5",
            "movups xmmword ptr [{words} + 96], xmm6",
            "movups xmmword ptr [{words} + 112], xmm7",
            "movups xmmword ptr [{words} + 128], xmm8",
            "movups xmmword ptr [{words} + 144], xmm9",
            "movups xmmword ptr [{words} + 160], xmm10",
            "movups xmmword ptr [{words} + 176], xmm11",
            "movups xmmword ptr [{words} + 192], xmm12",
            "movups xmmword ptr [{words} + 208], xmm13",
            "movups xmmword ptr [{words} + 224], xmm14",
            "movups xmmword ptr [{words} + 240], xmm15",
            words = in(reg) words.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
    words.iter().fold(0, |all, word| all | word) as i64
}
