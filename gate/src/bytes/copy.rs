//! Copying bytes.
//!
//! One function serves both `memcpy` and `memmove`: it never costs more than a
//! comparison to be right where the two sides overlap. Its parts jump to one
//! another with the arguments in place.

use core::arch::naked_asm;

use super::STRING_MIN;

/// Copies `size` bytes from `source` to `target`, which may overlap; `target`.
///
/// In: RDI, RSI, RDX. Out: RAX. Clobbers RCX, RSI, RDI, R8, R9, XMM0 to XMM7.
///
/// # Safety
///
/// Both sides must be valid for the access.
#[unsafe(naked)]
pub unsafe extern "C" fn copy(target: *mut u8, source: *const u8, size: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "cmp rdx, 16",
        "jb {small}",
        "cmp rdx, 64",
        "ja {large}",
        // 16 to 64 bytes: everything is loaded before anything is stored.
        "movups xmm0, xmmword ptr [rsi]",
        "movups xmm1, xmmword ptr [rsi + rdx - 16]",
        "cmp edx, 32",
        "jbe 2f",
        "movups xmm2, xmmword ptr [rsi + 16]",
        "movups xmm3, xmmword ptr [rsi + rdx - 32]",
        "movups xmmword ptr [rdi + 16], xmm2",
        "movups xmmword ptr [rdi + rdx - 32], xmm3",
        "2:",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + rdx - 16], xmm1",
        "ret",
        small = sym small,
        large = sym large,
    )
}

/// Copies less than 16 bytes: the first and the last word of 8, 4 or 1 bytes,
/// and the middle one.
///
/// # Safety
///
/// Only [`copy`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn small() {
    naked_asm!(
        "cmp edx, 8",
        "jb 2f",
        "mov rcx, qword ptr [rsi]",
        "mov r8, qword ptr [rsi + rdx - 8]",
        "mov qword ptr [rdi], rcx",
        "mov qword ptr [rdi + rdx - 8], r8",
        "ret",
        "2:",
        "cmp edx, 4",
        "jb 3f",
        "mov ecx, dword ptr [rsi]",
        "mov r8d, dword ptr [rsi + rdx - 4]",
        "mov dword ptr [rdi], ecx",
        "mov dword ptr [rdi + rdx - 4], r8d",
        "ret",
        "3:",
        "test edx, edx",
        "jz 4f",
        "movzx ecx, byte ptr [rsi]",
        "movzx r8d, byte ptr [rsi + rdx - 1]",
        "mov r9d, edx",
        "shr r9d",
        "movzx esi, byte ptr [rsi + r9]",
        "mov byte ptr [rdi], cl",
        "mov byte ptr [rdi + r9], sil",
        "mov byte ptr [rdi + rdx - 1], r8b",
        "4:",
        "ret",
    )
}

/// Copies more than 64 bytes: forwards, unless the target begins inside the
/// source. The last 64 bytes are loaded first and stored last.
///
/// # Safety
///
/// Only [`copy`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn large() {
    naked_asm!(
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jb {backwards}",
        "cmp rdx, {string_min}",
        "jb 2f",
        // The string instruction is slow where the two overlap.
        "neg rcx",
        "cmp rcx, rdx",
        "jb 2f",
        "mov rcx, rdx",
        "rep movsb",
        "ret",
        "2:",
        "lea rcx, [rdi + rdx - 64]",
        "movups xmm4, xmmword ptr [rsi + rdx - 64]",
        "movups xmm5, xmmword ptr [rsi + rdx - 48]",
        "movups xmm6, xmmword ptr [rsi + rdx - 32]",
        "movups xmm7, xmmword ptr [rsi + rdx - 16]",
        "3:",
        "movups xmm0, xmmword ptr [rsi]",
        "movups xmm1, xmmword ptr [rsi + 16]",
        "movups xmm2, xmmword ptr [rsi + 32]",
        "movups xmm3, xmmword ptr [rsi + 48]",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + 16], xmm1",
        "movups xmmword ptr [rdi + 32], xmm2",
        "movups xmmword ptr [rdi + 48], xmm3",
        "add rsi, 64",
        "add rdi, 64",
        "cmp rdi, rcx",
        "jb 3b",
        "jmp {store_rest}",
        backwards = sym backwards,
        store_rest = sym store_rest,
        string_min = const STRING_MIN,
    )
}

/// Copies more than 64 bytes backwards. The first 64 bytes are loaded first
/// and stored last.
///
/// # Safety
///
/// Only [`large`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn backwards() {
    naked_asm!(
        "movups xmm4, xmmword ptr [rsi]",
        "movups xmm5, xmmword ptr [rsi + 16]",
        "movups xmm6, xmmword ptr [rsi + 32]",
        "movups xmm7, xmmword ptr [rsi + 48]",
        // RSI and RDX run down from the ends, RCX and RDI say where to stop.
        "add rsi, rdx",
        "add rdx, rdi",
        "mov rcx, rdi",
        "add rdi, 64",
        "2:",
        "movups xmm0, xmmword ptr [rsi - 16]",
        "movups xmm1, xmmword ptr [rsi - 32]",
        "movups xmm2, xmmword ptr [rsi - 48]",
        "movups xmm3, xmmword ptr [rsi - 64]",
        "movups xmmword ptr [rdx - 16], xmm0",
        "movups xmmword ptr [rdx - 32], xmm1",
        "movups xmmword ptr [rdx - 48], xmm2",
        "movups xmmword ptr [rdx - 64], xmm3",
        "sub rsi, 64",
        "sub rdx, 64",
        "cmp rdx, rdi",
        "ja 2b",
        "jmp {store_rest}",
        store_rest = sym store_rest,
    )
}

/// Stores the 64 bytes in XMM4 to XMM7 at RCX.
///
/// # Safety
///
/// Only [`large`] and [`backwards`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn store_rest() {
    naked_asm!(
        "movups xmmword ptr [rcx], xmm4",
        "movups xmmword ptr [rcx + 16], xmm5",
        "movups xmmword ptr [rcx + 32], xmm6",
        "movups xmmword ptr [rcx + 48], xmm7",
        "ret",
    )
}
