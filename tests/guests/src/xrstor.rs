//! XRSTOR with the component of PKRU, which would change it behind the gates.

use std::arch::asm;

use domains::core_call::test_hook::PKRU_BY_XRSTOR;
use domains::{Domain, Pkru};
use gate::hooks::CORE_HOOK;

use crate::hooks;

/// An area to restore from, all zero: every component in its first state,
/// which for PKRU would be full access.
#[repr(C, align(64))]
struct Area([u8; 4096]);

/// Restores component 9 from nothing; fails if PKRU changes. With `mutant` the
/// core lets it.
pub fn run(mutant: bool) -> Result<(), String> {
    if mutant {
        hooks::hook(CORE_HOOK, PKRU_BY_XRSTOR as usize, 1);
    }
    let area = Area([0; 4096]);
    let pkru: u32;
    // SAFETY: component 9 is PKRU alone, so nothing else is restored.
    unsafe {
        asm!(
            "xrstor [{area}]",
            "xor ecx, ecx",
            "rdpkru",
            area = in(reg) &raw const area,
            inout("eax") 1 << 9 => pkru,
            inout("edx") 0 => _,
            out("ecx") _,
        );
    }
    if pkru != Pkru::of(Domain::App).bits() {
        return Err(format!("PKRU became {pkru:#x}"));
    }
    println!("PKRU is as it was");
    Ok(())
}
