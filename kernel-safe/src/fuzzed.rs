//! What the fuzzer asks of readers that are this crate's own. No image has it.

use crate::drivers;

/// Whether a word of `net` is believed to be what a pump has brought.
pub fn pumped(word: i64) -> bool {
    drivers::fuzzed::pumped(word)
}

/// Whether a word of `nic` is believed to be what an exchange has brought.
pub fn exchanged(word: i64) -> bool {
    drivers::fuzzed::exchanged(word)
}

/// What an answer up to `most` is believed to be: 0 for nothing, 1 for a number, 2 for an
/// error.
pub fn answer(word: i64, most: u64) -> usize {
    drivers::fuzzed::answer(word, most)
}
