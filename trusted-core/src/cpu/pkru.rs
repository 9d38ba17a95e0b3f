//! The core's own reading and writing of PKRU.
//!
//! The core's pages are supervisor pages, which PKRU does not judge: it can run
//! with any domain's value, and a change takes effect for the domain that the
//! core returns to.

#![expect(unsafe_code, reason = "RDPKRU and WRPKRU")]

use core::arch::asm;

use domains::Pkru;

/// The value in force. Only where keys are enabled.
pub(crate) fn read() -> Pkru {
    let value: u32;
    // SAFETY: CR4.PKE is set; ECX is zero as RDPKRU demands.
    unsafe {
        asm!("rdpkru", in("ecx") 0, out("eax") value, out("edx") _, options(nomem, nostack));
    }
    Pkru::from_bits(value)
}

/// Puts `value` in force. Only where keys are enabled.
pub(crate) fn write(value: Pkru) {
    // SAFETY: CR4.PKE is set; ECX and EDX are zero as WRPKRU demands, and the
    // core touches no user page.
    unsafe {
        asm!("wrpkru", in("eax") value.bits(), in("ecx") 0, in("edx") 0, options(nostack));
    }
}
