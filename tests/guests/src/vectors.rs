//! Vector registers: what the application computes with, drivers do not see.

use std::arch::asm;

use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;
use gate::hooks::{IN_DRIVER, READ_VECTORS};

/// The number of the entry that leads to the hooks.
const HOOK: u64 = 120;

/// Fills vector registers with a secret and has the unsafe kernel look.
pub fn run() -> Result<(), String> {
    let seen: i64;
    // SAFETY: the hook reads registers and touches no memory.
    unsafe {
        asm!(
            "movq xmm1, {secret}",
            "movq xmm8, {secret}",
            "movq xmm15, {secret}",
            "call qword ptr ds:[{gate}]",
            secret = in(reg) 0x5ec2_e75e_c2e7_u64,
            gate = const CPU_PAGE + offset::APP_TO_SAFE as u64,
            in("rdi") u64::from(READ_VECTORS | IN_DRIVER),
            in("rsi") 0,
            in("r8") 0,
            in("r11") HOOK,
            lateout("rax") seen,
            clobber_abi("C"),
        );
    }
    if seen != 0 {
        return Err(format!("a driver saw {seen:#x}"));
    }
    println!("drivers see zeros");
    Ok(())
}
