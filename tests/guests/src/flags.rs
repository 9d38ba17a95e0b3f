//! Flags that ring 3 sets and must not have behind a trap.

use std::arch::asm;

/// Steps through what comes next.
const TRAP: u64 = 1 << 8;
/// A task that another one called.
const NESTED: u64 = 1 << 14;
/// Copies go down.
const DIRECTION: u64 = 1 << 10;

/// Makes a core call with each flag set, and looks at the flags behind it.
pub fn run() -> Result<(), String> {
    for (flag, kept) in [(TRAP, 0), (NESTED, 0), (DIRECTION, DIRECTION)] {
        let after = behind_a_call(flag) & flag;
        if after != kept {
            return Err(format!("of {flag:#x} the core left {after:#x}"));
        }
    }
    println!("the flags are harmless");
    Ok(())
}

/// The flags behind a null core call with `flag` set. The trap for stepping is
/// due behind the instruction after POPFQ, which is in the core already.
fn behind_a_call(flag: u64) -> u64 {
    let flags: u64;
    // SAFETY: the call does nothing, and the flags are put back before anything
    // else runs.
    unsafe {
        asm!(
            "sub rsp, 128",
            "pushfq",
            "or qword ptr [rsp], {flag}",
            "popfq",
            "syscall",
            "pushfq",
            "pop {flags}",
            "pushfq",
            "and qword ptr [rsp], {others}",
            "popfq",
            "add rsp, 128",
            flag = in(reg) flag,
            others = in(reg) !(TRAP | NESTED | DIRECTION),
            flags = out(reg) flags,
            inout("rax") 0_u64 => _,
            in("rdi") 0, in("rsi") 0, in("rdx") 0, in("r10") 0,
            out("rcx") _, out("r11") _,
        );
    }
    flags
}
