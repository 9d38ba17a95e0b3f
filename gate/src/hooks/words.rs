//! Words in a domain's memory, and core calls made with them.
//!
//! What an attacker in the drivers needs to write rings by hand, and to have
//! the core publish them.

use core::ptr;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Release, SeqCst};

use domains::core_call::CoreCall;

use super::{CORE_CALL_WITH, FLIP, LOAD_WORD, REPEAT};
use crate::core_call;

/// How often [`FLIP`] puts the other words there.
///
/// [`FLIP`]: super::FLIP
pub const FLIPS: usize = 1_000;

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
    if kind == FLIP {
        // SAFETY: none is claimed.
        return unsafe { flip(address, argument) };
    }
    // SAFETY: none is claimed; where nothing is, it faults.
    let word = unsafe { word(address) };
    match kind {
        LOAD_WORD => word.load(SeqCst) as i64,
        _ => {
            word.store(argument as u64, SeqCst);
            0
        }
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

/// Puts the two words at `others` into those at `place`, and back what was. The
/// second word goes first, and comes back last.
///
/// # Safety
///
/// As [`attack`].
unsafe fn flip(place: usize, others: usize) -> i64 {
    // SAFETY: none is claimed.
    let words = [place, place + 8].map(|place| unsafe { word(place) });
    // SAFETY: none is claimed.
    let others = [others, others + 8].map(|place| unsafe { word(place) }.load(SeqCst));
    let own = [words[0].load(SeqCst), words[1].load(SeqCst)];
    for _ in 0..FLIPS {
        words[1].store(others[1], Release);
        words[0].store(others[0], Release);
        words[0].store(own[0], Release);
        words[1].store(own[1], Release);
    }
    0
}
