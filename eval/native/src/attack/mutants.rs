//! Mutants of the gate page: checks taken out, to show that an attack has power.
//!
//! A check is a comparison and a conditional jump to where a gate dies. The jump
//! is replaced by instructions that do nothing.

use domains::core_call::test_hook::GATE_CHECKS;

/// How checks of each kind begin, and how long they are without their jump, in
/// the order of their names.
const CHECKS: [(&[u8], usize); GATE_CHECKS.len()] = [
    // `wrpkru; cmp eax, imm32`
    (&[0x0f, 0x01, 0xef, 0x3d], 8),
    // `cmp qword ptr [disp32], 0`
    (&[0x48, 0x83, 0x3c, 0x25], 9),
    // `mov rcx, qword ptr [disp32]`, behind which JRCXZ needs no comparison
    (&[0x48, 0x8b, 0x0c, 0x25], 8),
    // `test rsp, rsp`
    (&[0x48, 0x85, 0xe4], 3),
];
const NOP: u8 = 0x90;

/// `code` without its checks of the kind `which`.
pub(super) fn without(code: &[u8], which: usize) -> Vec<u8> {
    let (pattern, length) = CHECKS[which];
    let mut mutant = code.to_vec();
    for start in 0..code.len() {
        if code[start..].starts_with(pattern) {
            let jump = code.get(start + length..).map_or(0, jump_length);
            mutant[start + length..][..jump].fill(NOP);
        }
    }
    mutant
}

/// The length of the conditional jump at the beginning, short or near, if there
/// is one.
fn jump_length(code: &[u8]) -> usize {
    match code {
        // JE, JNE and JRCXZ.
        [0x74 | 0x75 | 0xe3, _, ..] => 2,
        [0x0f, 0x84 | 0x85, _, _, _, _, ..] => 6,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_jump_is_taken_out() {
        let code = [0xcc, 0x48, 0x85, 0xe4, 0x74, 0x10, 0xcc];
        let mutant = [0xcc, 0x48, 0x85, 0xe4, NOP, NOP, 0xcc];
        assert_eq!(without(&code, 3), mutant);
        assert_eq!(without(&code, 0), code);
    }

    #[test]
    fn each_form_of_jump_is_known() {
        assert_eq!(jump_length(&[0xe3, 0x10]), 2);
        assert_eq!(jump_length(&[0x0f, 0x84, 1, 2, 3, 4, 5]), 6);
        assert_eq!(jump_length(&[0xe8, 1, 2, 3, 4]), 0);
        assert_eq!(jump_length(&[0x74]), 0);
    }

    #[test]
    fn a_check_at_the_end_of_the_page_is_no_check() {
        for code in [&[0x48, 0x85, 0xe4][..], &[0x48, 0x85, 0xe4, 0x74]] {
            assert_eq!(without(code, 3), code);
        }
    }
}
