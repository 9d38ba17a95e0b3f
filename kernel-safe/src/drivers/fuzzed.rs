//! Words that cells answer with, as the fuzzer has them read.

use domains::network::desk::{self, net};

use super::entries::read;
use super::{Exchanged, Pumped};

/// Whether a word is believed to be what a pump has brought: no more than the lists hold.
pub(crate) fn pumped(word: i64) -> bool {
    let Some(pumped) = Pumped::read(word) else {
        return false;
    };
    assert!(pumped.frames <= desk::FRAMES && pumped.changed <= net::CHANGED_MAX);
    true
}

/// The same of an exchange.
pub(crate) fn exchanged(word: i64) -> bool {
    let Some(exchanged) = Exchanged::read(word) else {
        return false;
    };
    assert!(exchanged.came <= desk::FRAMES && exchanged.sent <= desk::FRAMES);
    true
}

/// What an answer is believed to be: nothing, a number up to `most`, or an error.
pub(crate) fn answer(word: i64, most: u64) -> usize {
    match read(word, most) {
        None => 0,
        Some(Ok(number)) => {
            assert!(number <= most, "{number} is believed");
            1
        }
        Some(Err(errno)) => {
            assert_eq!((errno as i64).checked_neg(), Some(word));
            2
        }
    }
}
