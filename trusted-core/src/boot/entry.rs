//! The first instructions of every CPU: the PVH note, and the ways into long mode.
//!
//! The loader starts the first CPU in 32-bit protected mode without paging, with
//! the physical address of its information in EBX. The stub maps the first
//! gibibyte three times (where it is, where all memory will be, where the core
//! is linked), enters long mode, and calls [`start`](super::start).
//!
//! A start-up interrupt begins in real mode, at a frame below 1 MiB, to which
//! [`real_mode`] is copied. From protected mode on it is the same way, by the
//! same tables; then the CPU takes the offer that names it, or halts, and goes
//! on in tables and on a stack of its own.

#![expect(unsafe_code, reason = "the boot stub")]

use core::arch::{global_asm, naked_asm};

use domains::layout::{CORE_OFFSET, CORE_STACKS};

use crate::cpu::shared::Shared;
use crate::cpu::stacks::{BOOT_STACKS, Stack};
use crate::smp::join;
use crate::smp::offer::{Answer, NAME, OFFER, ROOT};

/// Adding this to an address of the core gives the physical address, modulo
/// 2^64: what the stub does to every symbol before paging is on.
const TO_PHYSICAL: u64 = CORE_OFFSET.wrapping_neg();
/// Bytes of [`real_mode`], rounded up to whole words.
pub(crate) const REAL_MODE_SIZE: usize = 64;
/// EFER: long mode.
const LONG_MODE: u32 = 1 << 8;
/// EFER: the no-execute bits of tables that are not the boot tables.
const NO_EXECUTE: u32 = 1 << 11;

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

/// Root, a second-level table, and a table of 2 MiB pages.
#[repr(align(4096))]
pub(crate) struct BootTables([[u64; 512]; 3]);

static BOOT_TABLES: Shared<BootTables> = Shared::new(BootTables([[0; 512]; 3]));

/// Clears the root of the boot tables, in which everything can be written and
/// executed.
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
        // 512 pages of 2 MiB: present, writable, huge.
        "mov ebp, offset {tables} + {physical}",
        "lea edi, [ebp + 2 * 4096]",
        "mov eax, 0x83; mov ecx, 512",
        "2: mov [edi], eax",
        "add eax, 0x200000; add edi, 8",
        "dec ecx; jnz 2b",
        // Second level: entry 0 for low addresses, entry 510 for the core.
        "lea eax, [ebp + 2 * 4096 + 3]",
        "mov [ebp + 4096], eax; mov [ebp + 4096 + 8 * 510], eax",
        // Root: where memory is, where all of it will be seen, the core.
        "lea eax, [ebp + 4096 + 3]",
        "mov [ebp], eax; mov [ebp + 8 * 256], eax; mov [ebp + 8 * 511], eax",
        "lgdt [core_gdtr + {physical}]",
        "mov edi, {efer}",
        "jmp {next}",
        ".code64",
        tables = sym BOOT_TABLES,
        physical = const TO_PHYSICAL,
        efer = const LONG_MODE,
        next = sym long_mode,
    )
}

/// From protected mode to the core's own addresses, and on to Rust.
///
/// In: 32-bit mode without paging, flat CS, the table below. EDI what EFER needs,
/// with [`NO_EXECUTE`] for every CPU but the first; for that one ESI the address
/// of the start information.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
extern "C" fn long_mode() -> ! {
    naked_asm!(
        // PAE, the root, EFER, then paging, with caches.
        ".code32; mov eax, 0x20; mov cr4, eax",
        "mov eax, offset {tables} + {physical}; mov cr3, eax",
        "mov ecx, 0xc0000080; rdmsr; or eax, edi; wrmsr",
        "mov eax, 0x80000011; mov cr0, eax",
        // A far jump to the 64-bit code segment.
        ".byte 0xea",
        ".long core_64 + {physical}",
        ".word 0x10",
        ".code64",
        // Leave the low addresses for the core's own.
        "core_64: movabs rax, offset core_high",
        "jmp rax",
        "core_high: test edi, {no_execute}; jnz {further}",
        "lea rsp, [rip + {stacks} + {stack_top}]",
        "mov edi, esi",
        "lea rsi, [rip + __core_text_end]",
        "lea rdx, [rip + __core_rodata_end]",
        "lea rcx, [rip + __core_data_end]",
        "xor ebp, ebp",
        "call {start}",
        "ud2",
        // Accessed already, so that nobody writes to the core's code: 32-bit
        // and 64-bit code.
        ".balign 8",
        "core_gdt: .quad 0, 0x00cf9b000000ffff, 0x00209b0000000000",
        tables = sym BOOT_TABLES,
        physical = const TO_PHYSICAL,
        no_execute = const NO_EXECUTE,
        further = sym further,
        stacks = sym BOOT_STACKS,
        stack_top = const Stack::Call as u64,
        start = sym super::start,
    )
}

/// Takes the offer that names this CPU, or halts.
///
/// In: 64-bit mode, the boot tables.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
extern "C" fn further() -> ! {
    naked_asm!(
        "mov eax, 1; cpuid",
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
        name = const NAME,
        taken = const Answer::Taken as u32,
        offer = sym OFFER,
        root = sym ROOT,
        stack = const CORE_STACKS + Stack::Call as u64,
        join = sym join::enter,
    )
}

/// What is copied below 1 MiB.
///
/// In: real mode, CS the segment of the copy, which begins at offset zero.
/// Never returns. Clobbers everything.
#[unsafe(naked)]
pub(crate) extern "C" fn real_mode() -> ! {
    naked_asm!(
        ".code16",
        "core_real_mode: cli; cld",
        "mov ax, cs",
        "mov ds, ax",
        // LGDT with a base of 32 bits, from an offset in this segment.
        ".byte 0x66, 0x0f, 0x01, 0x16",
        ".word core_gdtr - core_real_mode",
        "mov edi, {efer}",
        "mov eax, cr0; or al, 1; mov cr0, eax",
        // A far jump to an address of 32 bits: into protected mode.
        ".byte 0x66, 0xea",
        ".long {next} + {physical}",
        ".word 0x08",
        "core_gdtr: .word 23",
        ".long core_gdt + {physical}",
        ".fill {size} - (. - core_real_mode), 1, 0",
        ".code64",
        efer = const LONG_MODE | NO_EXECUTE,
        next = sym long_mode,
        physical = const TO_PHYSICAL,
        size = const REAL_MODE_SIZE,
    )
}
