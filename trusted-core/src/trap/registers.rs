//! The registers of what a trap interrupted, as the stubs push them.

use static_assertions::const_assert_eq;
use x86_64::registers::rflags::RFlags;
use zerocopy::{FromBytes, IntoBytes};

use crate::cpu::segments::{USER_CODE, USER_DATA};

/// What the stubs push, from the last push to what the CPU pushed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes)]
pub(crate) struct Registers {
    pub(crate) r15: u64,
    pub(crate) r14: u64,
    pub(crate) r13: u64,
    pub(crate) r12: u64,
    pub(crate) r11: u64,
    pub(crate) r10: u64,
    pub(crate) r9: u64,
    pub(crate) r8: u64,
    pub(crate) rbp: u64,
    pub(crate) rdi: u64,
    pub(crate) rsi: u64,
    pub(crate) rdx: u64,
    pub(crate) rcx: u64,
    pub(crate) rbx: u64,
    pub(crate) rax: u64,
    /// The vector, or the number that stands for a core call.
    pub(crate) vector: u64,
    pub(crate) error: u64,
    pub(crate) rip: u64,
    pub(crate) cs: u64,
    pub(crate) rflags: u64,
    pub(crate) rsp: u64,
    pub(crate) ss: u64,
}

const_assert_eq!(size_of::<Registers>(), Registers::WORDS * 8);

/// The flags that ring 3 may have as it likes. TF is not among them: nobody
/// steps through a gate.
const FREE: RFlags = RFlags::CARRY_FLAG
    .union(RFlags::PARITY_FLAG)
    .union(RFlags::AUXILIARY_CARRY_FLAG)
    .union(RFlags::ZERO_FLAG)
    .union(RFlags::SIGN_FLAG)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::OVERFLOW_FLAG)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::ID);
/// Bit 1 reads as one.
const FIXED: u64 = 1 << 1;

/// The end of the lower half of the address space.
const LOWER_HALF_END: u64 = 1 << 47;

impl Registers {
    /// How many words these are.
    pub(crate) const WORDS: usize = 22;

    /// Ring 3 at `rip` with an empty set of registers.
    pub(crate) fn entering(rip: u64, rsp: u64) -> Registers {
        let mut registers = Registers {
            rip,
            rsp,
            ..Registers::default()
        };
        registers.sanitise();
        registers
    }

    /// Whether ring 3 was interrupted.
    pub(crate) const fn is_from_ring_3(&self) -> bool {
        self.cs & 3 == 3
    }

    /// Makes sure that a return leads to ring 3, with interrupts on, and that
    /// IRETQ cannot fault on the address: one outside the lower half becomes
    /// zero, where nothing is mapped.
    pub(crate) fn sanitise(&mut self) {
        self.cs = u64::from(USER_CODE.0);
        self.ss = u64::from(USER_DATA.0);
        self.rflags = self.rflags & FREE.bits() | FIXED | RFlags::INTERRUPT_FLAG.bits();
        if self.rip >= LOWER_HALF_END {
            self.rip = 0;
        }
    }

    /// The words in order, to be stored.
    pub(crate) fn to_words(self) -> [u64; Registers::WORDS] {
        zerocopy::transmute!(self)
    }

    /// The registers whose words these are.
    pub(crate) fn from_words(words: [u64; Registers::WORDS]) -> Registers {
        zerocopy::transmute!(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_frame_returns_to_ring_3_without_privileges() {
        let mut registers = Registers {
            cs: 0x08,
            ss: 0x10,
            rflags: !0,
            rip: 1 << 47,
            ..Registers::default()
        };
        registers.sanitise();
        assert!(registers.is_from_ring_3());
        assert_eq!(registers.rip, 0);
        let flags = RFlags::from_bits_truncate(registers.rflags);
        assert!(flags.contains(RFlags::INTERRUPT_FLAG));
        for flag in [
            RFlags::TRAP_FLAG,
            RFlags::NESTED_TASK,
            RFlags::IOPL_LOW,
            RFlags::IOPL_HIGH,
            RFlags::VIRTUAL_8086_MODE,
            RFlags::RESUME_FLAG,
        ] {
            assert!(!flags.contains(flag), "{flag:?}");
        }
    }

    #[test]
    fn words_keep_their_order() {
        let words = core::array::from_fn(|index| index as u64);
        assert_eq!(Registers::from_words(words).to_words(), words);
        assert_eq!(Registers::from_words(words).rip, 17);
    }
}
