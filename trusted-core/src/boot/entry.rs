//! The first instructions: the PVH note, and the way into long mode.
//!
//! The loader starts us in 32-bit protected mode without paging, with the
//! physical address of its information in EBX. The stub maps the first gibibyte
//! three times (where it is, where all memory will be, where the core is
//! linked), enters long mode, and calls [`start`](super::start).

#![expect(unsafe_code, reason = "the boot stub")]

use core::arch::{global_asm, naked_asm};

use domains::layout::CORE_OFFSET;

use crate::cpu::shared::Shared;
use crate::cpu::stacks::{BOOT_STACKS, Stack};

/// Adding this to an address of the core gives the physical address, modulo
/// 2^64: what the stub does to every symbol before paging is on.
pub(crate) const TO_PHYSICAL: u64 = CORE_OFFSET.wrapping_neg();

// The note that makes QEMU and other loaders take an ELF file for a PVH
// kernel: name "Xen", type 18 (XEN_ELFNOTE_PHYS32_ENTRY), a 32-bit address.
global_asm!(
    r#".pushsection .note.Xen, "a", @note"#,
    ".balign 4",
    ".long 4, 4, 18",
    r#".asciz "Xen""#,
    ".balign 4",
    ".long {entry} + {physical}",
    ".popsection",
    entry = sym pvh_entry,
    physical = const TO_PHYSICAL,
);

/// Root, two second-level tables and a table of 2 MiB pages.
#[repr(align(4096))]
pub(crate) struct BootTables([[u64; 512]; 4]);

pub(crate) static BOOT_TABLES: Shared<BootTables> = Shared::new(BootTables([[0; 512]; 4]));

/// Clears the root of the boot tables.
///
/// # Safety
///
/// No CPU may use them, now or later.
pub(crate) unsafe fn clear_tables() {
    // SAFETY: the caller's duty; nobody else has a reference to them.
    unsafe { (*BOOT_TABLES.get()).0[0].fill(0) };
}

/// The entry that the note names.
///
/// In: 32-bit mode, EBX the physical address of the start information.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn pvh_entry() -> ! {
    naked_asm!(
        ".code32; cli; cld",
        "mov esi, ebx",
        "mov esp, offset {stacks} + {stack_top} + {physical}",
        // 512 pages of 2 MiB: present, writable, huge.
        "mov ebp, offset {tables} + {physical}",
        "lea edi, [ebp + 3 * 4096]",
        "mov eax, 0x83; mov ecx, 512",
        "2: mov [edi], eax",
        "add eax, 0x200000; add edi, 8",
        "dec ecx; jnz 2b",
        // Second level: entry 0 for low addresses, entry 510 for the core.
        "lea eax, [ebp + 3 * 4096 + 3]",
        "mov [ebp + 1 * 4096], eax",
        "mov [ebp + 2 * 4096 + 8 * 510], eax",
        // Root: where memory is, where all of it will be seen, the core.
        "lea eax, [ebp + 1 * 4096 + 3]",
        "mov [ebp], eax; mov [ebp + 8 * 256], eax",
        "lea eax, [ebp + 2 * 4096 + 3]",
        "mov [ebp + 8 * 511], eax",
        // Long mode: PAE, the root, EFER.LME, then paging.
        "mov eax, cr4; or eax, 0x20; mov cr4, eax",
        "mov cr3, ebp",
        "mov ecx, 0xc0000080; rdmsr; or eax, 0x100; wrmsr",
        "mov eax, cr0; or eax, 0x80000001; mov cr0, eax",
        // A 64-bit code segment, by a far return.
        "lgdt [core_boot_gdtr + {physical}]",
        "push 8",
        "mov eax, offset core_boot_64 + {physical}",
        "push eax; retf",
        ".code64",
        // Leave the low addresses for the core's own.
        "core_boot_64: movabs rax, offset core_boot_high",
        "jmp rax",
        "core_boot_high: lea rsp, [rip + {stacks} + {stack_top}]",
        "mov edi, esi",
        "lea rsi, [rip + __core_text_end]",
        "lea rdx, [rip + __core_rodata_end]",
        "lea rcx, [rip + __core_data_end]",
        "xor ebp, ebp",
        "call {start}",
        "ud2",
        ".balign 8",
        "core_boot_gdt: .quad 0, 0x00209a0000000000",
        "core_boot_gdtr: .word 15",
        ".long core_boot_gdt + {physical}",
        stacks = sym BOOT_STACKS,
        stack_top = const Stack::Call as u64,
        physical = const TO_PHYSICAL,
        tables = sym BOOT_TABLES,
        start = sym super::start,
    )
}
