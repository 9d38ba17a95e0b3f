//! The state of the floating-point units that no vector register holds.

use std::arch::asm;

use gate::hooks::SPOIL_FLOATING;

use super::{GATE, HOOK};
use crate::hooks::CONSOLE;

/// All masked, rounding up.
const MXCSR: u32 = 0x5f80;
const CONTROL: u16 = 0xb7f;
/// What a thread starts with.
const FIRST_MXCSR: u32 = 0x1f80;

/// What the units hold, as FNSTENV writes it, with MXCSR behind.
#[repr(C)]
#[derive(Debug, Default)]
struct Modes {
    control: u32,
    status: u32,
    tags: u32,
    rest: [u32; 4],
    mxcsr: u32,
}

/// Has a driver leave both units as no callee may.
pub fn after_a_driver() -> Result<(), String> {
    let mut found = Modes::default();
    let answer: i64;
    // SAFETY: the modes are restored behind the call.
    unsafe {
        asm!(
            "ldmxcsr dword ptr [{mxcsr}]",
            "fldcw word ptr [{control}]",
            "call qword ptr ds:[{gate}]",
            "stmxcsr dword ptr [r12 + 28]",
            "fnstenv [r12]",
            "fldenv [r12]",
            // Dies of an exception that is pending.
            "fwait",
            "fninit",
            "ldmxcsr dword ptr [r13]",
            gate = const GATE,
            mxcsr = in(reg) &MXCSR,
            control = in(reg) &CONTROL,
            in("r12") &raw mut found,
            in("r13") &FIRST_MXCSR,
            in("r11") HOOK,
            in("rdi") u64::from(SPOIL_FLOATING | CONSOLE),
            in("rsi") 0,
            in("r8") 0,
            lateout("rax") answer,
            clobber_abi("C"),
        );
    }
    let is_mine = found.mxcsr == MXCSR && found.control as u16 == CONTROL;
    let is_empty = found.status as u16 == 0 && found.tags as u16 == 0xffff;
    match answer == 0 && is_mine && is_empty {
        true => Ok(()),
        false => Err(format!("{answer}, and the modes are {found:x?}")),
    }
}

/// Leaves an exception pending and lets another thread look for it.
pub fn between_threads() -> Result<(), String> {
    // SAFETY: the exception is masked.
    unsafe { asm!("fldz", "fld1", "fdiv st, st(1)", "fstp st(0)", "fstp st(0)") };
    let other = std::thread::spawn(|| {
        let status: u16;
        // SAFETY: a register is read.
        unsafe { asm!("fnstsw ax", out("ax") status) };
        status
    });
    match other.join() {
        Ok(0) => Ok(()),
        other => Err(format!("another thread found {other:x?}")),
    }
}
