//! Counting the bytes of a string.

use core::arch::naked_asm;

/// Counts the bytes before the first zero.
///
/// In: RDI. Out: RAX. Clobbers RCX, RDX, XMM0, XMM1. Loads aligned blocks of
/// 16 bytes, which never reach into another page than the string does.
///
/// # Safety
///
/// A zero must follow, and all up to it be valid for loads.
#[unsafe(naked)]
pub unsafe extern "C" fn length(string: *const u8) -> usize {
    naked_asm!(
        "pxor xmm0, xmm0",
        "mov rax, rdi",
        "and rax, -16",
        "movdqa xmm1, xmmword ptr [rax]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        // What lies before the string does not count.
        "mov ecx, edi",
        "and ecx, 15",
        "shr edx, cl",
        "test edx, edx",
        "jnz 3f",
        "2:",
        "add rax, 16",
        "movdqa xmm1, xmmword ptr [rax]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "test edx, edx",
        "jz 2b",
        "bsf edx, edx",
        "add rax, rdx",
        "sub rax, rdi",
        "ret",
        "3:",
        "bsf eax, edx",
        "ret",
    )
}
