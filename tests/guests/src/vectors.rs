//! Vector registers: what the application computes with, kernels do not see.

use std::arch::asm;

use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;
use gate::hooks::{READ_VECTORS, VECTORS_AT_UPCALL};

use crate::hooks;

/// The number of the entry that leads to the hooks.
const HOOK: u64 = 120;
/// What nobody else may see.
const SECRET: u64 = 0x5ec2_e75e_c2e7;

/// Fills vector registers with a secret and has a cell look.
pub fn run() -> Result<(), String> {
    let seen: i64;
    // SAFETY: the hook reads registers and touches no memory.
    unsafe {
        asm!(
            "movq xmm1, {secret}",
            "movq xmm8, {secret}",
            "movq xmm15, {secret}",
            "call qword ptr ds:[{gate}]",
            secret = in(reg) SECRET,
            gate = const CPU_PAGE + offset::APP_TO_SAFE as u64,
            in("rdi") u64::from(READ_VECTORS | hooks::CONSOLE),
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

/// Is preempted with vector registers full of a secret, and asks what the safe
/// kernel saw in them.
pub fn at_upcalls() -> Result<(), String> {
    const COUNT: i64 = 100;
    hooks::set_time_slice(20_000);
    let end = hooks::preemptions() + COUNT;
    let compute = move || {
        while hooks::preemptions() < end {
            hold_secret();
        }
    };
    // A second thread, so that there is somebody to give way to.
    let other = std::thread::spawn(compute);
    compute();
    other.join().map_err(|_| "it panicked")?;
    match hooks::hook(VECTORS_AT_UPCALL, 0, 0) {
        0 => Ok(()),
        seen => Err(format!("the safe kernel saw {seen:#x}")),
    }
}

/// Fills the vector registers and spins, long enough to be preempted now and
/// then.
fn hold_secret() {
    // SAFETY: only registers are changed, and all are declared.
    unsafe {
        asm!(
            "movq xmm0, {secret}",
            "movq xmm1, {secret}",
            "movq xmm2, {secret}",
            "movq xmm3, {secret}",
            "movq xmm4, {secret}",
            "movq xmm5, {secret}",
            "movq xmm6, {secret}",
            "movq xmm7, {secret}",
            "movq xmm8, {secret}",
            "movq xmm9, {secret}",
            "movq xmm10, {secret}",
            "movq xmm11, {secret}",
            "movq xmm12, {secret}",
            "movq xmm13, {secret}",
            "movq xmm14, {secret}",
            "movq xmm15, {secret}",
            "2:",
            "pause",
            "dec ecx",
            "jnz 2b",
            secret = in(reg) SECRET,
            inout("ecx") 2000 => _,
            clobber_abi("C"),
            options(nomem, nostack),
        );
    }
}
