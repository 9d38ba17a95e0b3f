//! The application's vector state: XCR0, XSAVE and XRSTOR.
//!
//! **Bit 9 of XCR0 is never set.** With it, an XRSTOR in ring 3 whose XSTATE_BV
//! is zero would set PKRU to zero, all rights to everything; without it no
//! XRSTOR can touch PKRU. Kernels and core are built without vector registers,
//! so only the application has such state. AVX-512 stays off: the gate to the
//! cell clears vector registers by VZEROALL, which does not reach the
//! upper sixteen.

#![expect(unsafe_code, reason = "XSETBV, XSAVE and XRSTOR")]

use core::arch::asm;

use static_assertions::const_assert;
use x86_64::registers::xcontrol::{XCr0, XCr0Flags};

/// Alignment of the area in memory.
pub(crate) const ALIGN: u64 = 64;
/// Where the header of an XSAVE area lies; XSAVE writes eight of its bytes.
pub(crate) const HEADER: u64 = 512;
/// Bytes of the header.
pub(crate) const HEADER_SIZE: u64 = 64;
/// The most that an area may need: header, legacy registers and AVX's.
pub(crate) const SIZE_MAX: u64 = HEADER + HEADER_SIZE + 256;

/// What applications use.
const USED: XCr0Flags = XCr0Flags::X87.union(XCr0Flags::SSE).union(XCr0Flags::AVX);

const_assert!(!USED.contains(XCr0Flags::MPK));

/// Enables the state that applications use.
pub(crate) fn enable() {
    // The highest leaf that QEMU's CPUs answer to.
    let offers = u64::from(raw_cpuid::cpuid!(0xd, 0).eax);
    // SAFETY: CR4.OSXSAVE is set, and the CPU offers these bits.
    unsafe { XCr0::write(choose(XCr0Flags::from_bits_truncate(offers))) };
}

/// What to enable of what the CPU `offers`.
fn choose(offers: XCr0Flags) -> XCr0Flags {
    // DEFENCE: pkru-not-in-xcr0
    offers & USED
}

/// Saves the vector state in the area at `area`.
///
/// # Safety
///
/// `area` must be aligned to [`ALIGN`] and have room for [`SIZE_MAX`] bytes.
pub(crate) unsafe fn save(area: u64) {
    // SAFETY: the caller's duty; what is not in XCR0 is not saved.
    unsafe { asm!("xsave64 [{}]", in(reg) area, in("eax") USED.bits() as u32, in("edx") 0) };
}

/// An area whose header says that every component is in its first state. Of
/// the rest, XRSTOR reads MXCSR alone.
#[repr(C, align(64))]
struct First([u8; SIZE_MAX as usize]);

static FIRST: First = {
    const MXCSR: usize = 24;
    let mut area = [0; SIZE_MAX as usize];
    // All exceptions masked: 0x1f80.
    (area[MXCSR], area[MXCSR + 1]) = (0x80, 0x1f);
    First(area)
};

/// Puts every register into the state in which a thread starts.
pub(crate) fn reset() {
    // SAFETY: the area is as XSAVE would have written it.
    unsafe { restore((&raw const FIRST).addr() as u64) };
}

/// Loads the vector state from the area at `area`.
///
/// # Safety
///
/// `area` must hold what [`save`] wrote, with a header that was zero before.
pub(crate) unsafe fn restore(area: u64) {
    // SAFETY: the caller's duty; the core itself keeps nothing in these
    // registers.
    unsafe { asm!("xrstor64 [{}]", in(reg) area, in("eax") USED.bits() as u32, in("edx") 0) };
}

/// Lets XRSTOR change PKRU, or not: the wall that this file is about.
#[cfg(feature = "test-hooks")]
pub(crate) fn let_xrstor_write_pkru(is_open: bool) {
    let pkru = XCr0Flags::MPK;
    let state = XCr0::read();
    let state = if is_open { state | pkru } else { state - pkru };
    // SAFETY: where there are protection keys, XSAVE knows their state.
    unsafe { XCr0::write(state) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkru_is_not_in_the_state_whatever_the_cpu_offers() {
        let all = choose(XCr0Flags::all());
        assert!(!all.contains(XCr0Flags::MPK));
        assert_eq!(all, USED);
        let basic = XCr0Flags::X87 | XCr0Flags::SSE;
        assert_eq!(choose(basic), basic);
    }
}
