//! The interrupt descriptor table, and the stubs that it points to.
//!
//! There are 64 vectors, so `int 64` and beyond fault by the table's limit; no
//! vector may be raised by software in ring 3. Every one switches to an
//! interrupt stack, saves all general registers and calls [`trap::enter`].
//!
//! [`trap::enter`]: crate::trap::enter

#![expect(unsafe_code, reason = "the trap stubs and LIDT")]

use core::arch::naked_asm;

use domains::device::DEVICES_MAX;
use x86_64::VirtAddr;
use x86_64::instructions::tables::lidt;
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::idt::{Entry, HandlerFunc};

use super::segments::{ABORT_STACK, TRAP_STACK};
use super::shared::Shared;
use crate::trap;
use crate::trap::registers::Registers;

/// How many vectors the table has.
const COUNT: usize = 64;
/// The LAPIC timer.
pub(crate) const TIMER: u8 = 0x20;
/// The vector of the first device; the others follow.
pub(crate) const FIRST_DEVICE: u8 = 0x22;
/// The vector of the last one.
pub(crate) const LAST_DEVICE: u8 = FIRST_DEVICE + DEVICES_MAX as u8 - 1;
/// Another CPU wants this one to look at its queue.
pub(crate) const KICK: u8 = 0x3c;
/// Another CPU waits for this one to forget translations.
pub(crate) const FORGET: u8 = 0x3d;
/// The LAPIC's error interrupt.
pub(crate) const ERROR: u8 = 0x3e;
/// What the LAPIC delivers when an interrupt vanished.
pub(crate) const SPURIOUS: u8 = 0x3f;
/// What the core-call stub pushes in place of a vector.
pub(crate) const CORE_CALL: u64 = 0x100;

/// Vectors whose exception pushes an error code (Intel SDM volume 3, 6.15).
const WITH_ERROR_CODE: u64 = 1 << 8 | 0b11111 << 10 | 1 << 17 | 1 << 21 | 0b11 << 29;

const NMI: usize = 2;
const DOUBLE_FAULT: usize = 8;
const MACHINE_CHECK: usize = 18;

/// Bytes from one stub to the next.
const STRIDE: usize = 16;

type Table = [Entry<HandlerFunc>; COUNT];

static VECTORS: Shared<Table> = Shared::new([Entry::missing(); COUNT]);

const _: () = assert!(LAST_DEVICE < KICK, "no vector stands for two things");

/// Fills the table, which is the same for all CPUs. Once, by the CPU that boots,
/// on the core's own segments.
pub(crate) fn fill() {
    // SAFETY: called once, by the only CPU; no CPU reads it yet.
    let table: &'static mut Table = unsafe { &mut *VECTORS.get() };
    let first = VirtAddr::from_ptr(stubs as *const ());
    for (vector, entry) in table.iter_mut().enumerate() {
        let stack = match vector {
            NMI | DOUBLE_FAULT | MACHINE_CHECK => ABORT_STACK,
            _ => TRAP_STACK,
        };
        // SAFETY: there the stub of this vector is.
        let options = unsafe { entry.set_handler_addr(first + (vector * STRIDE) as u64) };
        // SAFETY: the task state has both stacks.
        unsafe { options.set_stack_index(stack) };
    }
}

/// Loads the table.
pub(crate) fn load() {
    let limit = (size_of::<Table>() - 1) as u16;
    let base = VirtAddr::from_ptr(VECTORS.get());
    // SAFETY: the table is static and complete.
    unsafe { lidt(&DescriptorTablePointer { limit, base }) };
}

/// One stub a vector, [`STRIDE`] bytes apart.
///
/// In: what the CPU pushed, on an interrupt stack. Pushes a zero where the CPU
/// pushed no error code, then the vector, and goes on in [`save_and_enter`].
#[unsafe(naked)]
extern "C" fn stubs() {
    naked_asm!(
        ".set core_vector, 0",
        ".rept {count}",
        ".balign {stride}",
        ".if (({with_error_code} >> core_vector) & 1) == 0",
        "push 0",
        ".endif",
        "push core_vector",
        "jmp {common}",
        ".set core_vector, core_vector + 1",
        ".endr",
        count = const COUNT,
        stride = const STRIDE,
        with_error_code = const WITH_ERROR_CODE,
        common = sym save_and_enter,
    )
}

/// Saves the general registers, calls the core, and returns to where the
/// registers say.
///
/// In: vector and error code pushed; RSP 8 more than a multiple of 16.
/// Clobbers nothing: every register comes back as [`trap::enter`] leaves it.
#[unsafe(naked)]
pub(crate) extern "C" fn save_and_enter() {
    naked_asm!(
        // The order is that of `Registers`, from its end.
        "push rax", "push rbx", "push rcx", "push rdx", "push rsi", "push rdi", "push rbp",
        "push r8", "push r9", "push r10", "push r11", "push r12", "push r13", "push r14",
        "push r15",
        // Rust code expects the direction flag clear.
        "cld",
        "xor ebp, ebp",
        "mov rdi, rsp",
        "call {enter}",
        "mov rdi, rsp",
        "jmp {leave}",
        enter = sym trap::enter,
        leave = sym leave,
    )
}

/// Returns to ring 3, or to the idle loop, with the registers at RDI.
///
/// In: RDI the lowest word of `Registers`. Every register is loaded from there.
#[unsafe(naked)]
pub(crate) extern "C" fn leave(registers: *const Registers) -> ! {
    naked_asm!(
        "mov rsp, rdi",
        "pop r15; pop r14; pop r13; pop r12; pop r11; pop r10; pop r9; pop r8",
        "pop rbp; pop rdi; pop rsi; pop rdx; pop rcx; pop rbx; pop rax",
        // Vector and error code.
        "add rsp, 16",
        "iretq",
    )
}
