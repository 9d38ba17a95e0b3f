//! A gate page without some of its checks.
//!
//! A check is a comparison and a conditional jump to where a gate dies. The jump
//! is replaced by instructions that do nothing.

use domains::attack::{Check, jump_length};

const NOP: u8 = 0x90;

/// `code` without its checks of the kind `check`.
pub(super) fn without(code: &[u8], check: Check) -> Vec<u8> {
    let mut mutant = code.to_vec();
    for start in 0..code.len() {
        let jump = start + check.length();
        let bytes = code.get(jump..).and_then(|code| code.first_chunk());
        let length = bytes.map_or(0, |bytes| jump_length(*bytes));
        if code[start..].starts_with(check.beginning()) && jump + length <= code.len() {
            mutant[jump..jump + length].fill(NOP);
        }
    }
    mutant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_jump_is_taken_out() {
        let code = [0xcc, 0x48, 0x85, 0xe4, 0x74, 0x10, 0xcc];
        let mutant = [0xcc, 0x48, 0x85, 0xe4, NOP, NOP, 0xcc];
        assert_eq!(without(&code, Check::Return), mutant);
        assert_eq!(without(&code, Check::Pkru), code);
        let near = [0x48, 0x85, 0xe4, 0x0f, 0x85, 1, 2, 3, 4, 0xcc];
        let mutant = [0x48, 0x85, 0xe4, NOP, NOP, NOP, NOP, NOP, NOP, 0xcc];
        assert_eq!(without(&near, Check::Return), mutant);
    }

    #[test]
    fn a_check_that_is_cut_off_is_none() {
        for code in [
            &[0x48, 0x85, 0xe4][..],
            &[0x48, 0x85, 0xe4, 0x74],
            &[0x48, 0x85, 0xe4, 0x0f, 0x84, 0],
        ] {
            assert_eq!(without(code, Check::Return), code);
        }
    }
}
