//! A reader of input who is kept busy for nothing, for the tests.
//!
//! Whoever looks finds nothing. Whoever wants to sleep gets an empty piece, and
//! nothing behind it: by taking the piece he wakes himself.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::cell::console::queue;
use gate::cell::queue_and_slot;
use kernel_unsafe::{Refused, done, word};

static IS_ON: AtomicBool = AtomicBool::new(false);
/// Whether the next one who wants to sleep gets a piece.
static HAS_PIECE: AtomicBool = AtomicBool::new(true);

/// From now on.
pub(crate) fn begin() -> i64 {
    IS_ON.store(true, Ordering::Relaxed);
    0
}

/// What to say of a piece that is given.
pub(crate) fn given(place: u32) -> Option<i64> {
    is_teased(queue_and_slot(place).0).then(|| done(Ok(())))
}

/// What to say to whoever looks.
pub(crate) fn polled(number: u32) -> Option<i64> {
    is_teased(number).then(|| word(Err(Refused::Busy)))
}

/// What to say to whoever wants to sleep.
pub(crate) fn armed(number: u32) -> Option<i64> {
    let has_piece = || HAS_PIECE.fetch_not(Ordering::Relaxed);
    is_teased(number).then(|| match has_piece() {
        true => word(Ok((0, 0))),
        false => word(Err(Refused::Busy)),
    })
}

fn is_teased(number: u32) -> bool {
    number == queue::INPUT && IS_ON.load(Ordering::Relaxed)
}
