//! The way of a further CPU into long mode.
//!
//! A start-up interrupt begins in real mode, at a frame below 1 MiB, to which
//! [`real_mode`] is copied. From there it is the same way as at boot: protected
//! mode, the boot tables, the core's own addresses. There the CPU takes the
//! offer that names it, or halts, and goes on in tables and on a stack of its
//! own.

#![expect(unsafe_code, reason = "the start-up stub")]

use core::arch::naked_asm;

use domains::layout::CORE_STACKS;

use super::join;
use super::offer::{NAME, OFFER, ROOT, TAKEN};
use crate::boot::entry::{self, BOOT_TABLES, TO_PHYSICAL};
use crate::cpu::stacks::Stack;

/// Bytes of [`real_mode`], rounded up to whole words.
pub(super) const REAL_MODE_SIZE: usize = 64;

/// What is copied below 1 MiB.
///
/// In: real mode, CS the segment of the copy, which begins at offset zero.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
pub(super) extern "C" fn real_mode() -> ! {
    naked_asm!(
        ".code16",
        "core_real_mode: cli; cld",
        "mov ax, cs",
        "mov ds, ax",
        // LGDT with a base of 32 bits, from an offset in this segment.
        ".byte 0x66, 0x0f, 0x01, 0x16",
        ".word core_start_gdtr - core_real_mode",
        "mov eax, cr0",
        "or al, 1",
        "mov cr0, eax",
        // A far jump to an address of 32 bits: into protected mode.
        ".byte 0x66, 0xea",
        ".long {protected} + {physical}",
        ".word 0x08",
        "core_start_gdtr: .word 31",
        ".long core_start_gdt + {physical}",
        ".fill {size} - (. - core_real_mode), 1, 0",
        ".code64",
        protected = sym protected_mode,
        physical = const TO_PHYSICAL,
        size = const REAL_MODE_SIZE,
    )
}

/// Clears the boot tables, in which everything can be written and executed.
pub(super) fn forget_boot_tables() {
    // SAFETY: every CPU that was found has tables of its own by now.
    unsafe { entry::clear_tables() };
}

/// From protected mode to [`join::enter`], for the CPU that is expected.
///
/// In: 32-bit mode without paging, flat CS.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
extern "C" fn protected_mode() -> ! {
    naked_asm!(
        ".code32",
        "mov ax, 0x10; mov ds, ax; mov es, ax; mov ss, ax",
        // Long mode: PAE, the root, EFER.LME and NXE, then paging, caches on.
        "mov eax, 0x20; mov cr4, eax",
        "mov eax, offset {tables} + {physical}; mov cr3, eax",
        "mov ecx, 0xc0000080; rdmsr; or eax, 0x900; wrmsr",
        "mov eax, 0x80000011; mov cr0, eax",
        ".byte 0xea",
        ".long core_start_64 + {physical}",
        ".word 0x18",
        ".code64",
        "core_start_64: movabs rax, offset core_start_high",
        "jmp rax",
        "core_start_high: mov eax, 1; cpuid",
        "shr ebx, 24",
        "lea eax, [rbx + {name}]",
        "mov ecx, {taken}",
        "lock cmpxchg dword ptr [rip + {offer}], ecx",
        "jne 3f",
        "mov rax, qword ptr [rip + {root}]; mov cr3, rax",
        "mov rsp, {stack}",
        "xor ebp, ebp",
        "call {join}",
        "3: cli; hlt",
        "jmp 3b",
        // Accessed already, so that nobody writes to the core's code: flat
        // code and data, 64-bit code.
        ".balign 8",
        "core_start_gdt: .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00209b0000000000",
        tables = sym BOOT_TABLES,
        physical = const TO_PHYSICAL,
        name = const NAME,
        taken = const TAKEN,
        offer = sym OFFER,
        root = sym ROOT,
        stack = const CORE_STACKS + Stack::Call as u64,
        join = sym join::enter,
    )
}
