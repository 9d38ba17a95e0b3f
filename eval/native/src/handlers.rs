//! The handlers behind the gates, and the tables that lead to them.
//!
//! They run with the rights of a kernel, on its stack: the process's own data
//! is closed to them, so they are assembly.

#![expect(unsafe_code, reason = "handlers are assembly")]

use std::arch::naked_asm;

use domains::attack::HARMLESS_ENTRY;
use domains::entries::{EntryPage, SLOTS};

use crate::measure::Code;
use crate::walls::{FILLING, Tables};

/// The number of the entry that only answers.
pub(crate) const NULL: u64 = 0;
/// The number of the entry that says what rights it has.
pub(crate) const RIGHTS: u64 = 1;
/// The number of a cell's entry that fills memory.
pub(crate) const FILL: u64 = 2;
/// What the entry that only answers does answer.
pub(crate) const WORD: u64 = 0x600d_ca11;

/// The entry tables: all slots that have no handler end the process.
pub(crate) fn tables() -> Tables {
    let address = |handler: Code| handler as usize as u64;
    let refuse = address(refuse);
    let page = |handlers: &[(u64, Code)]| {
        let mut table = [refuse; SLOTS];
        for (number, handler) in handlers {
            table[*number as usize] = address(*handler);
        }
        EntryPage {
            start: refuse,
            upcall: refuse,
            pending: refuse,
            reserved: [0; 5],
            table,
        }
    };
    Tables {
        safe: page(&[(NULL, null), (HARMLESS_ENTRY, null), (RIGHTS, rights)]),
        cell: page(&[
            (NULL, null),
            (HARMLESS_ENTRY, null),
            (RIGHTS, rights),
            (FILL, fill),
        ]),
    }
}

/// An entry that answers a word. Out: RAX.
///
/// # Safety
///
/// None: it touches nothing.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn null() {
    naked_asm!("mov eax, {word}", "ret", word = const WORD)
}

/// An entry that answers its rights. Out: RAX. Clobbers RCX and RDX.
///
/// # Safety
///
/// Only a gate may call it.
#[unsafe(naked)]
unsafe extern "C" fn rights() {
    naked_asm!("xor ecx, ecx", "rdpkru", "ret")
}

/// An entry that fills memory, by eight bytes and then by single ones. In: RDI
/// where, RSI how many bytes. Out: RAX how many. Clobbers RCX, RDX, RSI and RDI.
///
/// # Safety
///
/// Only a gate may call it.
#[unsafe(naked)]
unsafe extern "C" fn fill() {
    naked_asm!(
        "mov rax, rsi",
        "movabs rdx, {filling}",
        "mov rcx, rsi",
        "shr rcx, 3",
        "jz 3f",
        // A loop across two cache lines can take twice as long.
        ".p2align 6",
        "2:",
        "mov qword ptr [rdi], rdx",
        "add rdi, 8",
        "dec rcx",
        "jnz 2b",
        "3:",
        "and esi, 7",
        "jz 5f",
        "4:",
        "mov byte ptr [rdi], dl",
        "inc rdi",
        "dec esi",
        "jnz 4b",
        "5:",
        "ret",
        filling = const u64::from_ne_bytes([FILLING; 8]),
    )
}

/// An entry that nothing may use.
///
/// # Safety
///
/// Only a gate may call it.
#[unsafe(naked)]
unsafe extern "C" fn refuse() {
    naked_asm!("ud2")
}
