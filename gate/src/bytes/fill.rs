//! Filling bytes with one value.

use core::arch::naked_asm;

use super::STRING_MIN;

/// Fills `size` bytes at `target` with the low byte of `value`; `target`.
///
/// In: RDI, ESI, RDX. Out: RAX. Clobbers RCX, RSI, RDI, R8, XMM0.
///
/// # Safety
///
/// The target must be valid for stores.
#[unsafe(naked)]
pub unsafe extern "C" fn fill(target: *mut u8, value: i32, size: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "movzx esi, sil",
        "movabs rcx, 0x0101010101010101",
        "imul rcx, rsi",
        "cmp rdx, 16",
        "jb {small}",
        "cmp rdx, {string_min}",
        "jae {string}",
        "movq xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "cmp edx, 32",
        "jbe 4f",
        "cmp edx, 64",
        "jbe 3f",
        // The last 64 bytes are stored apart, whatever the rounds left.
        "lea rcx, [rdi + rdx - 64]",
        "2:",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + 16], xmm0",
        "movups xmmword ptr [rdi + 32], xmm0",
        "movups xmmword ptr [rdi + 48], xmm0",
        "add rdi, 64",
        "cmp rdi, rcx",
        "jb 2b",
        "mov rdi, rcx",
        "mov edx, 64",
        "3:",
        "movups xmmword ptr [rdi + 16], xmm0",
        "movups xmmword ptr [rdi + rdx - 32], xmm0",
        "4:",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + rdx - 16], xmm0",
        "ret",
        small = sym small,
        string = sym string,
        string_min = const STRING_MIN,
    )
}

/// Fills less than 16 bytes with those of RCX: the first and the last word of
/// 8, 4 or 1 bytes, and the middle one.
///
/// # Safety
///
/// Only [`fill`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn small() {
    naked_asm!(
        "cmp edx, 8",
        "jb 2f",
        "mov qword ptr [rdi], rcx",
        "mov qword ptr [rdi + rdx - 8], rcx",
        "ret",
        "2:",
        "cmp edx, 4",
        "jb 3f",
        "mov dword ptr [rdi], ecx",
        "mov dword ptr [rdi + rdx - 4], ecx",
        "ret",
        "3:",
        "test edx, edx",
        "jz 4f",
        "mov byte ptr [rdi], cl",
        "mov byte ptr [rdi + rdx - 1], cl",
        "shr edx",
        "mov byte ptr [rdi + rdx], cl",
        "4:",
        "ret",
    )
}

/// Fills by the string instruction.
///
/// # Safety
///
/// Only [`fill`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn string() {
    naked_asm!(
        "mov r8, rax",
        "mov eax, esi",
        "mov rcx, rdx",
        "rep stosb",
        "mov rax, r8",
        "ret",
    )
}
