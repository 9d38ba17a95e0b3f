//! Moving, filling and comparing bytes, for the application.
//!
//! The target's `compiler_builtins` leave the five functions that every
//! program needs to the system. They use SSE2, which the kernels do not have:
//! small sizes by two overlapping moves, middle sizes by 64 bytes a round, and
//! large ones by the string instructions that CPUs optimise (ERMS).

use core::arch::naked_asm;

/// From how many bytes on a string instruction is worth its start-up.
const STRING_MIN: u32 = 16 << 10;

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
        "jb 5f",
        "cmp rdx, 64",
        "ja 2f",
        // 16 to 64 bytes: everything is loaded before anything is stored.
        "movups xmm0, xmmword ptr [rsi]",
        "movups xmm1, xmmword ptr [rsi + rdx - 16]",
        "cmp edx, 32",
        "jbe 4f",
        "movups xmm2, xmmword ptr [rsi + 16]",
        "movups xmm3, xmmword ptr [rsi + rdx - 32]",
        "movups xmmword ptr [rdi + 16], xmm2",
        "movups xmmword ptr [rdi + rdx - 32], xmm3",
        "4:",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + rdx - 16], xmm1",
        "ret",
        // Backwards where the target begins inside the source.
        "2:",
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jb 3f",
        "cmp rdx, {string_min}",
        "jb 4f",
        // The string instruction is slow where the two overlap.
        "neg rcx",
        "cmp rcx, rdx",
        "jb 4f",
        "mov rcx, rdx",
        "rep movsb",
        "ret",
        // Forwards; the last 64 bytes are loaded first and stored last.
        "4:",
        "lea rcx, [rdi + rdx - 64]",
        "movups xmm4, xmmword ptr [rsi + rdx - 64]",
        "movups xmm5, xmmword ptr [rsi + rdx - 48]",
        "movups xmm6, xmmword ptr [rsi + rdx - 32]",
        "movups xmm7, xmmword ptr [rsi + rdx - 16]",
        "4:",
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
        "jb 4b",
        "jmp 4f",
        // Backwards; the first 64 bytes are loaded first and stored last.
        "3:",
        "movups xmm4, xmmword ptr [rsi]",
        "movups xmm5, xmmword ptr [rsi + 16]",
        "movups xmm6, xmmword ptr [rsi + 32]",
        "movups xmm7, xmmword ptr [rsi + 48]",
        "add rsi, rdx",
        "add rdx, rdi",
        "mov rcx, rdi",
        "add rdi, 64",
        "3:",
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
        "ja 3b",
        "4:",
        "movups xmmword ptr [rcx], xmm4",
        "movups xmmword ptr [rcx + 16], xmm5",
        "movups xmmword ptr [rcx + 32], xmm6",
        "movups xmmword ptr [rcx + 48], xmm7",
        "ret",
        // Below 16 bytes: first and last word of 8, 4 or 1 (and the middle).
        "5:",
        "cmp edx, 8",
        "jb 6f",
        "mov rcx, qword ptr [rsi]",
        "mov r8, qword ptr [rsi + rdx - 8]",
        "mov qword ptr [rdi], rcx",
        "mov qword ptr [rdi + rdx - 8], r8",
        "ret",
        "6:",
        "cmp edx, 4",
        "jb 7f",
        "mov ecx, dword ptr [rsi]",
        "mov r8d, dword ptr [rsi + rdx - 4]",
        "mov dword ptr [rdi], ecx",
        "mov dword ptr [rdi + rdx - 4], r8d",
        "ret",
        "7:",
        "test edx, edx",
        "jz 8f",
        "movzx ecx, byte ptr [rsi]",
        "movzx r8d, byte ptr [rsi + rdx - 1]",
        "mov r9d, edx",
        "shr r9d",
        "movzx esi, byte ptr [rsi + r9]",
        "mov byte ptr [rdi], cl",
        "mov byte ptr [rdi + r9], sil",
        "mov byte ptr [rdi + rdx - 1], r8b",
        "8:",
        "ret",
        string_min = const STRING_MIN,
    )
}

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
        "jb 5f",
        "cmp rdx, {string_min}",
        "jae 3f",
        "movq xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "cmp edx, 32",
        "jbe 4f",
        "cmp edx, 64",
        "jbe 7f",
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
        "7:",
        "movups xmmword ptr [rdi + 16], xmm0",
        "movups xmmword ptr [rdi + rdx - 32], xmm0",
        "4:",
        "movups xmmword ptr [rdi], xmm0",
        "movups xmmword ptr [rdi + rdx - 16], xmm0",
        "ret",
        "3:",
        "mov r8, rax",
        "mov eax, esi",
        "mov rcx, rdx",
        "rep stosb",
        "mov rax, r8",
        "ret",
        // Below 16 bytes: first and last word of 8, 4 or 1 (and the middle).
        "5:",
        "cmp edx, 8",
        "jb 6f",
        "mov qword ptr [rdi], rcx",
        "mov qword ptr [rdi + rdx - 8], rcx",
        "ret",
        "6:",
        "cmp edx, 4",
        "jb 7f",
        "mov dword ptr [rdi], ecx",
        "mov dword ptr [rdi + rdx - 4], ecx",
        "ret",
        "7:",
        "test edx, edx",
        "jz 8f",
        "mov byte ptr [rdi], cl",
        "mov byte ptr [rdi + rdx - 1], cl",
        "shr edx",
        "mov byte ptr [rdi + rdx], cl",
        "8:",
        "ret",
        string_min = const STRING_MIN,
    )
}

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
        "jb 5f",
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
        // Below 16 bytes: first and last word of 8 or 4, else byte by byte.
        "5:",
        "cmp edx, 8",
        "jb 6f",
        "mov rax, qword ptr [rdi]",
        "mov rcx, qword ptr [rsi]",
        "cmp rax, rcx",
        "jne 3f",
        "mov rax, qword ptr [rdi + rdx - 8]",
        "mov rcx, qword ptr [rsi + rdx - 8]",
        "3:",
        "bswap rax",
        "bswap rcx",
        "cmp rax, rcx",
        "jmp 3f",
        "6:",
        "cmp edx, 4",
        "jb 7f",
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
        "3:",
        "seta al",
        "sbb al, 0",
        "movsx eax, al",
        "ret",
        "7:",
        "sub edx, 1",
        "jb 8f",
        "movzx eax, byte ptr [rdi]",
        "movzx ecx, byte ptr [rsi]",
        "inc rdi",
        "inc rsi",
        "sub eax, ecx",
        "jz 7b",
        "ret",
        "8:",
        "xor eax, eax",
        "ret",
    )
}

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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    const SPACE: usize = STRING_MIN as usize + 512;

    /// Sizes around every threshold.
    fn sizes() -> impl Iterator<Item = usize> {
        let large = STRING_MIN as usize - 2..=STRING_MIN as usize + 2;
        (0..=200).chain(large)
    }

    fn pattern() -> [u8; SPACE] {
        core::array::from_fn(|index| (index * 7 + index / 256) as u8)
    }

    #[test]
    fn copies_match_the_slices_own_copy_however_they_overlap() {
        let pattern = pattern();
        for size in sizes() {
            for (from, to) in [
                (300, 0),
                (300, 299),
                (0, 1),
                (3, 40),
                (0, 300),
                (64, 0),
                (7, 7),
            ] {
                let (mut ours, mut theirs) = (pattern, pattern);
                let base = ours.as_mut_ptr();
                let (target, source) = (base.wrapping_add(to), base.wrapping_add(from));
                // SAFETY: both ranges lie inside the array.
                assert_eq!(unsafe { copy(target, source, size) }, target);
                theirs.copy_within(from..from + size, to);
                assert_eq!(ours, theirs, "{size} bytes from {from} to {to}");
            }
        }
    }

    #[test]
    fn fills_exactly_what_was_asked() {
        let pattern = pattern();
        for size in sizes() {
            let (mut ours, mut theirs) = (pattern, pattern);
            // SAFETY: the range lies inside the array.
            unsafe { fill(ours[5..].as_mut_ptr(), 0x1a5, size) };
            theirs[5..5 + size].fill(0xa5);
            assert_eq!(ours, theirs, "{size} bytes");
        }
    }

    #[test]
    fn comparisons_have_the_sign_of_the_first_difference() {
        let left = &pattern()[..201];
        for size in 0..=200 {
            // SAFETY: both ranges lie inside the array.
            let result = unsafe { compare(left.as_ptr(), left.to_vec().as_ptr(), size) };
            assert_eq!(result, 0, "{size} equal bytes");
            for place in 0..size {
                let mut right = left.to_vec();
                right[place] ^= 0x80;
                right[size - 1] ^= 1;
                let expected = left[..size].cmp(&right[..size]) as i32;
                // SAFETY: both ranges lie inside arrays.
                let result = unsafe { compare(left.as_ptr(), right.as_ptr(), size) };
                assert_eq!(result.signum(), expected, "{size} bytes, {place}");
            }
        }
    }

    #[test]
    fn strings_end_at_their_first_zero() {
        let mut string = [1_u8; 100];
        for start in 0..40 {
            for end in start..100 {
                string.fill(1);
                string[..start].fill(0);
                string[end] = 0;
                // SAFETY: a zero stands at `end`.
                let result = unsafe { length(string[start..].as_ptr()) };
                assert_eq!(result, end - start);
            }
        }
    }
}
