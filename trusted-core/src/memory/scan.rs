//! Looks for the instruction that changes PKRU in what is to be executed.
//!
//! WRPKRU is three bytes, and may begin at any of them. XRSTOR and the writes of
//! segment bases need no look: XCR0 leaves PKRU's component out, and no gate
//! relies on a segment.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use super::entry::Rights;
use super::tables::Tables;
use domains::layout::PAGE_SIZE;

/// The bytes of WRPKRU.
const WRPKRU: [u8; 3] = [0x0f, 0x01, 0xef];
/// The last of them, in every byte of a word.
const LAST: u64 = u64::from_le_bytes([WRPKRU[2]; 8]);

/// Looks through words as they follow each other in memory.
#[derive(Debug, Default)]
pub(super) struct Scan {
    previous: u64,
    has_found: bool,
}

impl Scan {
    /// Looks at the next word.
    fn see(&mut self, word: u64) {
        // DEFENCE: scan-filter
        if has_zero_byte(word ^ LAST) {
            self.has_found |= ends_in(self.previous, word);
        }
        // DEFENCE: scan-carry
        self.previous = word;
    }

    /// Looks at the words of a whole frame.
    fn see_all(&mut self, words: &[AtomicU64]) {
        // DEFENCE: scan-words
        words.iter().for_each(|word| self.see(word.load(Relaxed)));
    }
}

/// Whether WRPKRU stands anywhere in `pages` pages at `address`, which have
/// frames, or across the border to a page before or behind that can be executed.
pub(super) fn finds_wrpkru(tables: &Tables, address: u64, pages: u64) -> bool {
    let mut scan = Scan::default();
    // DEFENCE: scan-border-before
    scan.see(executable_word(tables, address - 8));
    for leaf in tables.leaves(address, pages) {
        // DEFENCE: scan-frames
        let frames = leaf.entry.own_frame().map(|first| first.run(leaf.pages()));
        for frame in frames.into_iter().flatten() {
            scan.see_all(tables.physical().words(frame));
        }
    }
    // DEFENCE: scan-border-behind
    scan.see(executable_word(tables, address + pages * PAGE_SIZE));
    scan.has_found
}

/// The word at `address`; zero if it cannot be executed.
fn executable_word(tables: &Tables, address: u64) -> u64 {
    let is_code = tables.find(address).rights() == Rights::Execute;
    let physical = tables.translate(address).filter(|_| is_code);
    physical.map_or(0, |physical| tables.physical().word(physical).load(Relaxed))
}

/// Whether WRPKRU ends in `word`, in front of which `previous` stands.
fn ends_in(previous: u64, word: u64) -> bool {
    let both = u128::from(previous) | u128::from(word) << 64;
    let bytes = both.to_le_bytes();
    // DEFENCE: scan-window
    bytes[6..].windows(WRPKRU.len()).any(|part| part == WRPKRU)
}

/// Whether one of the bytes is zero.
const fn has_zero_byte(word: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    word.wrapping_sub(ONES) & !word & HIGHS != 0
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;

    use super::*;

    fn finds(bytes: &[u8]) -> bool {
        let mut scan = Scan::default();
        for word in bytes.chunks_exact(8) {
            scan.see(u64::from_le_bytes(word.try_into().expect("eight")));
        }
        scan.has_found
    }

    #[test]
    fn it_is_found_at_every_offset() {
        for fill in [0, 0x0f, 0x01, 0xef, 0x90, 0xff] {
            for offset in 0..=61 {
                let mut bytes = vec![fill; 64];
                assert!(!finds(&bytes));
                bytes[offset..offset + 3].copy_from_slice(&WRPKRU);
                assert!(finds(&bytes), "{fill:#x} {offset}");
            }
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for offset in 0..=61 {
            for wrong in 0..3 {
                let mut bytes = vec![0x0f; 64];
                bytes[offset..offset + 3].copy_from_slice(&WRPKRU);
                bytes[offset + wrong] ^= 0x80;
                assert!(!finds(&bytes), "{offset} {wrong}");
            }
        }
    }
}
