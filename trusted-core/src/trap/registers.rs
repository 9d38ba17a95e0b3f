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
        // DEFENCE: context-cs
        self.cs = u64::from(USER_CODE.0);
        // DEFENCE: context-ss
        self.ss = u64::from(USER_DATA.0);
        // DEFENCE: context-rflags-mask
        self.rflags &= FREE.bits();
        // DEFENCE: context-rflags-interrupts
        self.rflags |= FIXED | RFlags::INTERRUPT_FLAG.bits();
        // DEFENCE: context-rip
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

    fn forged() -> Registers {
        let mut registers = Registers {
            cs: 0x08,
            ss: 0x10,
            rflags: !0,
            rip: 1 << 47,
            rsp: !0,
            ..Registers::default()
        };
        registers.sanitise();
        registers
    }

    #[test]
    fn a_forged_frame_returns_to_ring_3() {
        let registers = forged();
        assert!(registers.is_from_ring_3());
        // 64-bit code and data of ring 3, as the segment table has them.
        assert_eq!(registers.cs, 0x23);
        assert_eq!(registers.ss, 0x1b);
        assert_eq!(registers.rsp, !0, "IRETQ takes any");
    }

    #[test]
    fn a_forged_address_leads_nowhere() {
        for (rip, expected) in [
            (0x3000_0000_1234, 0x3000_0000_1234),
            ((1 << 47) - 1, (1 << 47) - 1),
            (1 << 47, 0),
            (!0, 0),
        ] {
            assert_eq!(Registers::entering(rip, 0).rip, expected, "{rip:#x}");
        }
    }

    #[test]
    fn forged_flags_are_those_of_ring_3_with_interrupts_on() {
        // CF, PF, AF, ZF, SF, DF, OF, AC, ID, and what is always set.
        const HARMLESS: u64 = 0x24_0cd5 | 1 << 1 | 1 << 9;
        assert_eq!(forged().rflags, HARMLESS);
        assert_eq!(Registers::entering(0, 0).rflags, 1 << 1 | 1 << 9);
        let flags = RFlags::from_bits_truncate(forged().rflags);
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
