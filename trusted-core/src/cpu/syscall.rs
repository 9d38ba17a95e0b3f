//! SYSCALL: the way in for core calls.
//!
//! The stub builds the same frame as a trap and leaves by the same IRETQ. A
//! SYSRET would be shorter, but on Intel's CPUs it faults in ring 0 when RCX is
//! not canonical; core calls are off the hot path.

#![expect(
    unsafe_code,
    reason = "the SYSCALL stub and its model-specific registers"
)]

use core::arch::naked_asm;
use core::mem::offset_of;

use domains::layout::CORE_CPU_PAGE;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::{Efer, EferFlags, LStar, SFMask, Star};
use x86_64::registers::rflags::RFlags;

use super::local::Local;
use super::segments::{CORE_CODE, CORE_DATA, USER_CODE, USER_DATA};
use super::vectors::{CORE_CALL, save_and_enter};

/// What SYSCALL clears in the flags.
const CLEARED: RFlags = RFlags::ALIGNMENT_CHECK
    .union(RFlags::NESTED_TASK)
    .union(RFlags::IOPL_HIGH)
    .union(RFlags::IOPL_LOW)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::INTERRUPT_FLAG)
    .union(RFlags::TRAP_FLAG);

/// Lets ring 3 execute SYSCALL.
pub(crate) fn enable() {
    Star::write(USER_CODE, USER_DATA, CORE_CODE, CORE_DATA)
        .expect("the descriptor table has the order that SYSCALL wants");
    LStar::write(VirtAddr::from_ptr(entry_address() as *const u8));
    // DEFENCE: core-call-flags
    SFMask::write(CLEARED);
    // SAFETY: the registers that SYSCALL reads are set.
    unsafe { Efer::update(|efer| efer.insert(EferFlags::SYSTEM_CALL_EXTENSIONS)) };
}

/// Where SYSCALL leads.
pub(crate) fn entry_address() -> u64 {
    entry as extern "C" fn() as usize as u64
}

/// The entry of core calls.
///
/// In: RCX the caller's RIP, R11 its flags, RSP its stack, RAX the call.
/// Interrupts are off. Pushes what an interrupt would have pushed, on the
/// core's own stack, which it finds at a fixed address.
#[unsafe(naked)]
extern "C" fn entry() {
    naked_asm!(
        "mov qword ptr [{page} + {user_stack}], rsp",
        "mov rsp, qword ptr [{page} + {core_stack}]",
        "push {data}",
        "push qword ptr [{page} + {user_stack}]",
        "push r11",
        "push {code}",
        "push rcx",
        // No error code; then the number that stands for a core call.
        "push 0",
        "push {vector}",
        "jmp {common}",
        page = const CORE_CPU_PAGE,
        user_stack = const offset_of!(Local, user_stack),
        core_stack = const offset_of!(Local, core_stack),
        data = const USER_DATA.0,
        code = const USER_CODE.0,
        vector = const CORE_CALL,
        common = sym save_and_enter,
    )
}
