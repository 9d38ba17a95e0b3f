//! Who was woken by what came, and has not come back yet.
//!
//! Whoever is woken answers, and goes to sleep again. Where several are, each one's answer
//! is sent with those of the others: by the last of them, who finds nobody awaited any
//! more, by a CPU that has nothing else to do, or by the alarm.

use core::sync::atomic::{AtomicIsize, Ordering};

use domains::cpu_page::CPUS_MAX;

use crate::priority::Priority;
use crate::schedule;
use crate::thread::task::Task;

/// How long what was written waits for others at most, in nanoseconds: for so long that a
/// batch of short answers is complete, and so short that none is late.
pub(crate) const LEFT_NS: u64 = 1_000_000;

/// How many. On several CPUs whoever is woken may be back before he is counted: then it is
/// less than none for a moment.
static AWAITED: AtomicIsize = AtomicIsize::new(0);
/// The fewest: more are not back at once.
const FEWEST: isize = -(CPUS_MAX as isize);

/// So many more were woken.
pub(crate) fn add(woken: usize) {
    AWAITED.fetch_add(woken.cast_signed(), Ordering::Relaxed);
}

/// One of them has come back. Whoever was woken by something else counts, too: then
/// less waits for others.
pub(super) fn arrive() {
    // DEFENCE: back-before-counted
    if AWAITED.load(Ordering::Relaxed) > FEWEST {
        AWAITED.fetch_sub(1, Ordering::Relaxed);
    }
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
        arrive();
        add(1);
        assert!(!are_there());
        (0..1000).for_each(|_| arrive());
        add(CPUS_MAX + 1);
        assert!(are_there(), "others who came count for little");
        forget();
    }
}
