//! Words of the core's own that nobody else may change.
//!
//! A test fills them, attacks, and either reads them again or dies; who dies
//! has the core tell on its console how they are.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, AtomicUsize};

use domains::core_call::error;
use domains::core_call::test_hook::CANARY_WORDS;
use domains::layout::CORE_OFFSET;

use crate::report;

static CANARY: [AtomicU64; CANARY_WORDS] = [const { AtomicU64::new(0) }; CANARY_WORDS];
/// What was put there, and how many words.
static COPY: [AtomicU64; CANARY_WORDS] = [const { AtomicU64::new(0) }; CANARY_WORDS];
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Puts `value` into the next word; where that is in physical memory.
pub(super) fn put(value: u64) -> Result<u64, i64> {
    let index = COUNT.load(Relaxed);
    let (word, copy) = CANARY
        .get(index)
        .zip(COPY.get(index))
        .ok_or(error::INVALID)?;
    word.store(value, Relaxed);
    copy.store(value, Relaxed);
    COUNT.store(index + 1, Release);
    Ok((&raw const *word).addr() as u64 - CORE_OFFSET)
}

/// The word number `index`.
pub(super) fn get(index: u64) -> Result<u64, i64> {
    let word = CANARY.get(index as usize).ok_or(error::INVALID)?;
    Ok(word.load(Relaxed))
}

/// Says how the words are, if there are any.
pub(super) fn tell() {
    let count = COUNT.load(Acquire);
    if count == 0 {
        return;
    }
    let mut words = CANARY.iter().zip(&COPY).take(count);
    let is_whole = words.all(|(word, copy)| word.load(Relaxed) == copy.load(Relaxed));
    let how = if is_whole { "whole" } else { "harmed" };
    report::line(format_args!("cloister: the core's canary is {how}"));
}
