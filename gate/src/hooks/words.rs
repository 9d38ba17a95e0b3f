//! Words in a domain's memory, and core calls made with them.
//!
//! What an attacker in the drivers needs to write rings by hand, and to have
//! the core publish them.

use core::hint::spin_loop;
use core::ptr;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

use domains::core_call::CoreCall;

use super::{CORE_CALL_WITH, LOAD_WORD, REPEAT, STORE_WORD};
use crate::core_call;

/// How often [`FLIP`] puts the other word there.
///
/// [`FLIP`]: super::FLIP
pub const FLIPS: usize = 50;
/// How long the word stays as it was: long enough for some calls to find it so.
const PAUSE: usize = 1_000;
/// How long the other word stays there.
const MOMENT: usize = 4;

/// Does what `kind` says.
///
/// # Safety
///
/// As [`attack`](super::attack).
pub(super) unsafe fn attack(kind: u32, address: usize, argument: usize) -> i64 {
    if kind == CORE_CALL_WITH {
        // SAFETY: none is claimed.
        return unsafe { call(address, argument) };
    }
    if kind == REPEAT {
        loop {
            // SAFETY: none is claimed.
            unsafe { call(address, argument) };
        }
    }
    // SAFETY: none is claimed; where nothing is, it faults.
    let word = unsafe { word(address) };
    match kind {
        LOAD_WORD => word.load(SeqCst) as i64,
        STORE_WORD => {
            word.store(argument as u64, SeqCst);
            0
        }
        _ => flip(word, argument as u64),
    }
}

/// Makes core call `number` with the four words at `place`.
///
/// # Safety
///
/// As [`attack`].
unsafe fn call(number: usize, place: usize) -> i64 {
    let Some(call) = CoreCall::from_number(number as u64) else {
        return -22;
    };
    // SAFETY: none is claimed.
    let words = [0, 8, 16, 24].map(|offset| unsafe { word(place + offset) }.load(SeqCst));
    // SAFETY: none is claimed.
    unsafe { core_call::core_call(call, words) }
}

/// The word at `address`.
///
/// # Safety
///
/// As [`attack`].
unsafe fn word(address: usize) -> &'static AtomicU64 {
    // SAFETY: none is claimed.
    unsafe { AtomicU64::from_ptr(ptr::with_exposed_provenance_mut(address)) }
}

/// Puts `other` there, and back what was.
fn flip(word: &AtomicU64, other: u64) -> i64 {
    let one = word.load(SeqCst);
    for _ in 0..FLIPS {
        for (value, pause) in [(other, MOMENT), (one, PAUSE)] {
            word.store(value, SeqCst);
            (0..pause).for_each(|_| spin_loop());
        }
    }
    0
}
