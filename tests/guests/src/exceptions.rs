//! Exceptions that a program can cause, one for each name.

use std::arch::asm;

/// An address that is none.
const NON_CANONICAL: u64 = 1 << 63;
/// The control word of x87 with the exception for a division by zero unmasked.
const X87_UNMASKED: u16 = 0x37f & !(1 << 2);

/// Causes the one called `name`, which does not return.
pub fn run(name: &str) -> Result<(), String> {
    // SAFETY: each of them faults before it has changed anything that is used.
    unsafe {
        match name {
            "int3" => asm!("int3"),
            "int-0x80" => asm!("int 0x80"),
            "step" => asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop"),
            "division" => asm!("div {0:e}", in(reg) 0, out("eax") _, out("edx") _),
            "overflow" => asm!("int 4"),
            "invalid" => asm!("ud2"),
            "privileged" => asm!("hlt"),
            "selector" => asm!("mov ds, {0:x}", in(reg) 0x10),
            "address" => asm!("mov {0}, qword ptr [{0}]", inout(reg) NON_CANONICAL => _),
            "x87" => asm!(
                "fldcw word ptr [{0}]",
                "fldz",
                "fld1",
                "fdiv st, st(1)",
                "fwait",
                in(reg) &X87_UNMASKED,
            ),
            other => return Err(format!("no such exception: {other}")),
        }
    }
    Err(format!("{name} went on"))
}
