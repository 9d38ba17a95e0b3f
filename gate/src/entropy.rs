//! Random words from the CPU.

use core::arch::x86_64::{__cpuid, __cpuid_count};

/// How often Intel's guide tells to try before giving up on RDRAND and RDSEED.
const TRIES: u32 = 10;

/// A word from the CPU's entropy source, RDSEED, or else from its generator,
/// RDRAND; none if the CPU has neither or both are exhausted.
pub fn hardware_word() -> Option<u64> {
    let seed = if has_rdseed() {
        try_often(rdseed)
    } else {
        None
    };
    seed.or_else(|| {
        if has_rdrand() {
            try_often(rdrand)
        } else {
            None
        }
    })
}

fn try_often(instruction: fn() -> Option<u64>) -> Option<u64> {
    (0..TRIES).find_map(|_| instruction())
}

fn has_rdrand() -> bool {
    __cpuid(1).ecx & (1 << 30) != 0
}

fn has_rdseed() -> bool {
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx & (1 << 18) != 0
}

/// Declares a function around an instruction that sets carry on success.
macro_rules! random_instruction {
    ($name:ident, $instruction:literal) => {
        fn $name() -> Option<u64> {
            let word: u64;
            let valid: u8;
            // SAFETY: the instruction writes its register and the flags.
            unsafe {
                core::arch::asm!(
                    concat!($instruction, " {word}"),
                    "setc {valid}",
                    word = out(reg) word,
                    valid = out(reg_byte) valid,
                    options(nomem, nostack),
                );
            }
            (valid != 0).then_some(word)
        }
    };
}

random_instruction!(rdrand, "rdrand");
random_instruction!(rdseed, "rdseed");
