//! What a call into a cell tells in registers that carry nothing.

use core::arch::naked_asm;

use domains::Cell;
use domains::entries::SLOTS;
use domains::layout::{GATE_PAGE, gate};

use crate::entry::Entry;

/// The slot of a cell that looks at its registers.
const SLOT: usize = 121;

/// The table of a cell with that slot.
pub(crate) const fn with_registers(mut table: [Entry; SLOTS]) -> [Entry; SLOTS] {
    table[SLOT] = Entry::handler(look);
    table
}

/// Fills the registers, a bit each, and answers which came through.
pub(super) fn found() -> i64 {
    // SAFETY: the safe kernel is the one to come through the gate; what the C
    // ABI keeps is kept.
    unsafe { call() }
}

/// Fills, calls, and restores.
///
/// # Safety
///
/// The caller is the safe kernel.
#[unsafe(naked)]
unsafe extern "C" fn call() -> i64 {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov ebx, 1",
        "mov ebp, 2",
        "mov r10d, 4",
        "mov r12d, 8",
        "mov r13d, 16",
        "mov r14d, 32",
        "mov r15d, 64",
        "mov ecx, 128",
        "mov edx, 256",
        // Its arguments: none.
        "xor edi, edi",
        "xor esi, esi",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "mov r11d, {slot}",
        "mov eax, {gate}",
        "call rax",
        "mov rax, rdi",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
        slot = const SLOT,
        gate = const GATE_PAGE + gate::to_cell(Cell::Console),
    )
}

/// The registers at the entry, or-ed together.
#[unsafe(naked)]
extern "C" fn look(_: u64, _: u64, _: u64, _: u64, _: u64, _: u64) -> i64 {
    naked_asm!(
        "xor eax, eax",
        "or rax, rbx",
        "or rax, rbp",
        "or rax, r10",
        "or rax, r12",
        "or rax, r13",
        "or rax, r14",
        "or rax, r15",
        "or rax, rcx",
        "or rax, rdx",
        "ret",
    )
}
