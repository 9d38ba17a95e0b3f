//! Mutants of the gate page: checks taken out, to show that a test has power.
//!
//! A check is a comparison and a conditional jump to `die`. The jump is
//! replaced by instructions that do nothing, on the page in memory; the image
//! stays what the verifier has seen.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::core_call::error;
use domains::core_call::test_hook::GATE_CHECKS;
use domains::layout::{GATE_PAGE, PAGE_SIZE};

use crate::state::Core;

/// `wrpkru; cmp eax, imm32`, of which the last four bytes are anything.
const PKRU_CHECK: (&[u8], usize) = (&[0x0f, 0x01, 0xef, 0x3d], 8);
/// `cmp qword ptr [disp32], 0` with the displacement in the middle.
const TOKEN_CHECK: (&[u8], usize) = (&[0x48, 0x83, 0x3c, 0x25], 9);
/// `mov rcx, qword ptr [disp32]`, behind which JRCXZ needs no comparison.
const ENTRY_CHECK: (&[u8], usize) = (&[0x48, 0x8b, 0x0c, 0x25], 8);
/// `test rsp, rsp`.
const RETURN_CHECK: (&[u8], usize) = (&[0x48, 0x85, 0xe4], 3);
/// In the order of their names.
const CHECKS: [(&[u8], usize); GATE_CHECKS.len()] =
    [PKRU_CHECK, TOKEN_CHECK, ENTRY_CHECK, RETURN_CHECK];
const NOP: u8 = 0x90;

/// Takes out the checks with number `which` of [`GATE_CHECKS`]; how many.
pub(super) fn gate(core: &mut Core, which: u64) -> Result<u64, i64> {
    let which = usize::try_from(which).ok();
    let (pattern, length) = which
        .and_then(|which| CHECKS.get(which).copied())
        .ok_or(error::INVALID)?;
    let tables = &core.space.tables;
    let frame = tables.find(GATE_PAGE).frame().ok_or(error::BAD_ADDRESS)?;
    let words = tables.physical().words(frame);
    let mut found = 0;
    for start in 0..PAGE_SIZE as usize - length - 6 {
        let matches =
            (0..pattern.len()).all(|index| byte(words, start + index) == pattern[index]);
        if matches {
            found += take_out_jump(words, start + length);
        }
    }
    Ok(found)
}

/// Overwrites the conditional jump at `start`, short or near, if there is one.
fn take_out_jump(words: &[AtomicU64], start: usize) -> u64 {
    let length = match (byte(words, start), byte(words, start + 1)) {
        // JE, JNE and JRCXZ.
        (0x74 | 0x75 | 0xe3, _) => 2,
        (0x0f, 0x84 | 0x85) => 6,
        _ => return 0,
    };
    (start..start + length).for_each(|index| set_byte(words, index, NOP));
    1
}

fn byte(words: &[AtomicU64], index: usize) -> u8 {
    words[index / 8].load(Ordering::Relaxed).to_le_bytes()[index % 8]
}

fn set_byte(words: &[AtomicU64], index: usize, value: u8) {
    let word = &words[index / 8];
    let mut bytes = word.load(Ordering::Relaxed).to_le_bytes();
    bytes[index % 8] = value;
    word.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_jump_is_taken_out() {
        let words = [AtomicU64::new(0x1122_3344_1075_ccaa), AtomicU64::new(0)];
        assert_eq!(take_out_jump(&words, 2), 1);
        assert_eq!(words[0].load(Ordering::Relaxed), 0x1122_3344_9090_ccaa);
        assert_eq!(take_out_jump(&words, 0), 0);
    }

    #[test]
    fn each_form_of_jump_is_known() {
        for (word, length) in [(0x10e3, 2), (0x1074, 2), (0x1122_3344_840f, 6)] {
            let words = [AtomicU64::new(word)];
            assert_eq!(take_out_jump(&words, 0), 1);
            assert!((0..length).all(|index| byte(&words, index) == NOP));
            assert_ne!(byte(&words, length), NOP);
        }
    }
}
