//! Makes all CPUs forget translations before their frames are used again.
//!
//! The CPU that changed the tables holds the core's lock; it asks the others
//! and waits for their answers. Each of them is in ring 3 and takes the
//! interrupt, or waits for that lock, and answers while it waits. A CPU that
//! sleeps in the core is not woken: before it goes back to ring 3 it forgets
//! everything.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU8, AtomicU64};

use domains::cpu_page::CPUS_MAX;

use crate::cpu::vectors::FORGET;
use crate::cpu::{local, tlb};
use crate::device::lapic;
use crate::report;

/// A range of pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pages {
    /// The address of the first.
    pub(crate) start: u64,
    /// How many there are.
    pub(crate) count: u64,
}

/// Who has to forget what. Sets of CPUs have a bit for each number.
struct Shootdown {
    /// Whose translations count.
    running: AtomicU64,
    /// Who sleeps in the core.
    asleep: AtomicU64,
    /// Of those, who has missed something.
    stale: AtomicU64,
    /// Who was asked and has not answered.
    asked: AtomicU64,
    start: AtomicU64,
    count: AtomicU64,
}

static SHOOTDOWN: Shootdown = Shootdown::new();

/// Their APIC ids, by number.
static IDS: [AtomicU8; CPUS_MAX] = [const { AtomicU8::new(0) }; CPUS_MAX];

/// Counts this CPU, which has this number, from now on. It must forget
/// everything afterwards.
pub(crate) fn join(number: u64) {
    if let Some(id) = IDS.get(number as usize) {
        id.store(lapic::id(), Relaxed);
    }
    SHOOTDOWN.running.fetch_or(bit(number), SeqCst);
}

/// Has every other running CPU forget `pages`, and waits until they have. The
/// caller holds the core's lock.
pub(crate) fn ask(pages: Pages) {
    if SHOOTDOWN.running.load(Relaxed) == 0 {
        return;
    }
    let asked = SHOOTDOWN.ask(local::current().number, pages);
    let ids = IDS
        .iter()
        .zip(0..)
        .filter(|(_, number)| asked & bit(*number) != 0);
    ids.for_each(|(id, _)| lapic::interrupt(id.load(Relaxed), FORGET));
    while !SHOOTDOWN.is_answered() {
        // A CPU that ended the machine stopped without an answer.
        report::stop_if_ended();
        core::hint::spin_loop();
    }
}

/// Whether there are other CPUs that run.
pub(crate) fn have_others() -> bool {
    SHOOTDOWN.running.load(Relaxed).count_ones() > 1
}

/// Answers, if this CPU was asked. Wherever a CPU waits for another with
/// interrupts off, it calls this.
pub(crate) fn serve() {
    if SHOOTDOWN.asked.load(Relaxed) != 0 {
        SHOOTDOWN.serve(local::current().number, tlb::forget_here);
    }
}

/// Says that this CPU sleeps in the core, and needs not be asked.
pub(crate) fn sleep(number: u64) {
    SHOOTDOWN.asleep.fetch_or(bit(number), SeqCst);
}

/// Says that it goes back to ring 3.
pub(crate) fn wake(number: u64) {
    if SHOOTDOWN.wake(number) {
        tlb::forget_all();
    }
}

impl Shootdown {
    const fn new() -> Shootdown {
        Shootdown {
            running: AtomicU64::new(0),
            asleep: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            start: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }
    }

    /// Asks all but `own`; who is to be interrupted. One CPU at a time.
    fn ask(&self, own: u64, pages: Pages) -> u64 {
        let others = self.running.load(SeqCst) & !bit(own);
        let sleepers = others & self.asleep.load(SeqCst);
        self.stale.fetch_or(sleepers, SeqCst);
        // Who has woken before the mark may have looked for it before, too.
        let asked = others & !(sleepers & self.asleep.load(SeqCst));
        self.start.store(pages.start, Relaxed);
        self.count.store(pages.count, Relaxed);
        self.asked.store(asked, Release);
        asked
    }

    fn is_answered(&self) -> bool {
        self.asked.load(Acquire) == 0
    }

    fn serve(&self, own: u64, forget: impl FnOnce(Pages)) {
        if self.asked.load(Acquire) & bit(own) != 0 {
            forget(Pages {
                start: self.start.load(Relaxed),
                count: self.count.load(Relaxed),
            });
            self.asked.fetch_and(!bit(own), Release);
        }
    }

    /// Ends the sleep of `own`; whether it has missed something.
    fn wake(&self, own: u64) -> bool {
        self.asleep.fetch_and(!bit(own), SeqCst);
        self.stale.load(SeqCst) & bit(own) != 0
            && self.stale.fetch_and(!bit(own), SeqCst) & bit(own) != 0
    }
}

const fn bit(number: u64) -> u64 {
    1 << number
}

#[cfg(test)]
mod tests;
