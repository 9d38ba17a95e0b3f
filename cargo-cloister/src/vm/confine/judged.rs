//! What a filter says to a call, found as the host's kernel finds it.
//!
//! Most calls that are refused cannot be made in a test: there is no safe name
//! for them, and an older kernel does not know them all.

use seccompiler::sock_filter;

/// What a filter says to a call that fails with EPERM.
pub(super) const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
/// And to one that is made.
pub(super) const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// What `program` says to the call number `call`, whose arguments are zeroes.
pub(super) fn answer(program: &[sock_filter], call: i64) -> u32 {
    let words = [u32::try_from(call).expect("a number"), ARCHITECTURE];
    let word = |offset: u32| words.get(offset as usize / 4).copied().unwrap_or(0);
    let (mut at, mut value) = (0, 0);
    loop {
        let it = &program[at];
        at += 1;
        let goes = |is_so: bool| usize::from(if is_so { it.jt } else { it.jf });
        match u32::from(it.code) {
            LOAD => value = word(it.k),
            AND => value &= it.k,
            GO => at += it.k as usize,
            IF_EQUAL => at += goes(value == it.k),
            IF_GREATER => at += goes(value > it.k),
            IF_NOT_LESS => at += goes(value >= it.k),
            IF_HAS => at += goes(value & it.k != 0),
            RETURN => return it.k,
            other => panic!("no instruction of a filter: {other:#x}"),
        }
    }
}

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const GO: u32 = libc::BPF_JMP | libc::BPF_JA;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IF_GREATER: u32 = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
const IF_NOT_LESS: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const IF_HAS: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
