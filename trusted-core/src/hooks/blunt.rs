//! Mutants of the gate page: checks taken out, to show that a test has power.
//!
//! A check is a comparison and a conditional jump to `die`. The jump is
//! replaced by instructions that do nothing, on the page in memory; the image
//! stays what the verifier has seen.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::attack::{Check, jump_length};
use domains::core_call::error;
use domains::layout::{GATE_PAGE, PAGE_SIZE};

use crate::state::Core;

const NOP: u8 = 0x90;

/// Takes out the checks with this number; how many.
pub(super) fn gate(core: &mut Core, number: u64) -> Result<u64, i64> {
    let check = Check::from_number(number).ok_or(error::INVALID)?;
    let (beginning, length) = (check.beginning(), check.length());
    let tables = &core.space.tables;
    let frame = tables.find(GATE_PAGE).frame().ok_or(error::BAD_ADDRESS)?;
    let words = tables.physical().words(frame);
    let mut found = 0;
    for start in 0..PAGE_SIZE as usize - length - 6 {
        let matches =
            (0..beginning.len()).all(|index| byte(words, start + index) == beginning[index]);
        if matches {
            found += take_out_jump(words, start + length);
        }
    }
    Ok(found)
}

/// Overwrites the conditional jump at `start`, if there is one.
fn take_out_jump(words: &[AtomicU64], start: usize) -> u64 {
    let length = jump_length([byte(words, start), byte(words, start + 1)]);
    (start..start + length).for_each(|index| set_byte(words, index, NOP));
    u64::from(length > 0)
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
        let words = [AtomicU64::new(0xcc55_4433_2211_840f)];
        assert_eq!(take_out_jump(&words, 0), 1);
        assert_eq!(words[0].load(Ordering::Relaxed), 0xcc55_9090_9090_9090);
    }
}
