//! Who was woken by what came, and has not come back yet.
//!
//! Whoever is woken answers, and goes to sleep again. Where several are, each one's answer
//! is sent with those of the others: by the last of them, who finds nobody awaited any
//! more, by a CPU that has nothing else to do, or by the alarm.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::priority::Priority;
use crate::schedule;
use crate::thread::task::Task;

/// How long what was written waits for others at most, in nanoseconds: for so long that a
/// batch of short answers is complete, and so short that none is late.
pub(crate) const LEFT_NS: u64 = 1_000_000;

static AWAITED: AtomicUsize = AtomicUsize::new(0);

/// So many more were woken.
pub(crate) fn add(woken: usize) {
    AWAITED.fetch_add(woken, Ordering::Relaxed);
}

/// Wakes some by `wake`, which says how many. On several CPUs one may be back before that
/// has said so: he is counted first.
pub(super) fn counted(wake: impl FnOnce() -> usize) -> usize {
    // DEFENCE: back-before-counted
    add(1);
    let woken = wake();
    match woken.checked_sub(1) {
        Some(others) => add(others),
        None => arrive(),
    }
    woken
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

/// Whether the running thread waits for some who have not come back. A thread that is
/// more urgent than usual waits for nobody: those whom it waited for might be less so.
pub(super) fn are_there() -> bool {
    let is_current_urgent = || schedule::current().is_ok_and(|it| is_urgent(it.priority()));
    AWAITED.load(Ordering::Relaxed) > 0 && !is_current_urgent()
}

fn is_urgent(priority: Priority) -> bool {
    // DEFENCE: urgent-ones-wait-for-nobody
    priority > Priority::NORMAL
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use gate::played::{self, Nobody};

    use super::*;

    #[test]
    fn whoever_is_more_urgent_than_usual_is_urgent() {
        let urgent = (1..32)
            .filter_map(Priority::new)
            .filter(|it| is_urgent(*it));
        assert_eq!(urgent.count(), 31 - usize::from(Priority::NORMAL.level()));
    }

    #[test]
    fn whoever_is_back_before_he_is_counted_is_not_awaited() {
        let _play = played::begin(Box::new(Nobody));
        forget();
        let back_at_once = || {
            arrive();
            1
        };
        assert_eq!(counted(back_at_once), 1);
        assert!(!are_there());
        assert_eq!(counted(|| 0), 0);
        assert!(!are_there(), "nobody was woken");
        assert_eq!(counted(|| 3), 3);
        (0..2).for_each(|_| arrive());
        assert!(are_there(), "one of three is missing");
        arrive();
        assert!(!are_there());
        (0..9).for_each(|_| arrive());
        add(1);
        assert!(are_there(), "others who came count for nothing");
        forget();
    }
}
