//! Who was woken by what came, and has not come back yet.
//!
//! Whoever is woken answers, and goes to sleep again. Where several are, each one's answer
//! is sent with those of the others: by the last of them, who finds nobody awaited any
//! more, by a CPU that has nothing else to do, or by the alarm.

use core::sync::atomic::{AtomicUsize, Ordering};

/// How long what was written waits for others at most, in nanoseconds: for so long that a
/// batch of short answers is complete, and so short that none is late.
pub(crate) const LEFT_NS: u64 = 1_000_000;

static AWAITED: AtomicUsize = AtomicUsize::new(0);

/// So many more were woken.
pub(crate) fn add(woken: usize) {
    AWAITED.fetch_add(woken, Ordering::Relaxed);
}

/// One of them has come back. Whoever was woken by something else counts, too: then
/// less waits for others.
pub(super) fn arrive() {
    let awaited = AWAITED.load(Ordering::Relaxed);
    // Two at once may count as one: whoever is awaited in vain is forgotten soon.
    AWAITED.store(awaited.saturating_sub(1), Ordering::Relaxed);
}

/// Nobody is awaited any more: all had their time.
pub(super) fn forget() {
    AWAITED.store(0, Ordering::Relaxed);
}

/// Whether some of them have not come back.
pub(super) fn are_there() -> bool {
    AWAITED.load(Ordering::Relaxed) > 0
}
