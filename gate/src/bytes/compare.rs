//! Comparing bytes.

use core::arch::naked_asm;

/// Compares `size` bytes; negative, zero or positive as the first difference.
///
/// In: RDI, RSI, RDX. Out: EAX. Clobbers RCX, RDX, RSI, RDI, R8, XMM0, XMM1.
///
/// # Safety
///
/// Both sides must be valid for loads.
#[unsafe(naked)]
pub unsafe extern "C" fn compare(left: *const u8, right: *const u8, size: usize) -> i32 {
    naked_asm!(
        "cmp rdx, 16",
        "jb {small}",
        // Blocks of 16; the last one ends with the range and may overlap.
        "xor r8d, r8d",
        "sub rdx, 16",
        "2:",
        "movdqu xmm0, xmmword ptr [rdi + r8]",
        "movdqu xmm1, xmmword ptr [rsi + r8]",
        "pcmpeqb xmm0, xmm1",
        "pmovmskb eax, xmm0",
        "xor eax, 0xffff",
        "jnz 3f",
        "cmp r8, rdx",
        "je 4f",
        "add r8, 16",
        "cmp r8, rdx",
        "cmova r8, rdx",
        "jmp 2b",
        "3:",
        "bsf eax, eax",
        "add r8, rax",
        "movzx eax, byte ptr [rdi + r8]",
        "movzx ecx, byte ptr [rsi + r8]",
        "sub eax, ecx",
        "4:",
        "ret",
        small = sym small,
    )
}

/// Compares less than 16 bytes: the first and the last word of 8 or 4 bytes,
/// or byte by byte.
///
/// # Safety
///
/// Only [`compare`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn small() {
    naked_asm!(
        "cmp edx, 8",
        "jb 3f",
        "mov rax, qword ptr [rdi]",
        "mov rcx, qword ptr [rsi]",
        "cmp rax, rcx",
        "jne 2f",
        "mov rax, qword ptr [rdi + rdx - 8]",
        "mov rcx, qword ptr [rsi + rdx - 8]",
        "2:",
        "bswap rax",
        "bswap rcx",
        "cmp rax, rcx",
        "jmp 5f",
        "3:",
        "cmp edx, 4",
        "jb {tiny}",
        "mov eax, dword ptr [rdi]",
        "mov ecx, dword ptr [rsi]",
        "cmp eax, ecx",
        "jne 4f",
        "mov eax, dword ptr [rdi + rdx - 4]",
        "mov ecx, dword ptr [rsi + rdx - 4]",
        "4:",
        "bswap eax",
        "bswap ecx",
        "cmp eax, ecx",
        // From the flags of an unsigned comparison to -1, 0 or 1.
        "5:",
        "seta al",
        "sbb al, 0",
        "movsx eax, al",
        "ret",
        tiny = sym tiny,
    )
}

/// Compares byte by byte.
///
/// # Safety
///
/// Only [`small`] may come here.
#[unsafe(naked)]
unsafe extern "C" fn tiny() {
    naked_asm!(
        "2:",
        "sub edx, 1",
        "jb 3f",
        "movzx eax, byte ptr [rdi]",
        "movzx ecx, byte ptr [rsi]",
        "inc rdi",
        "inc rsi",
        "sub eax, ecx",
        "jz 2b",
        "ret",
        "3:",
        "xor eax, eax",
        "ret",
    )
}
