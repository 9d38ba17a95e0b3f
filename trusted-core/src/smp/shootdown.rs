//! Makes all CPUs forget translations before their frames are used again.
//!
//! The CPU that changed the tables asks the others and waits for their answers,
//! one CPU at a time. It needs not hold the core's lock: frames wait in the
//! quarantine meanwhile. Each of the others is in ring 3 and takes the
//! interrupt, or is about to leave the core and takes it then, or waits for a
//! lock, and answers while it waits. A CPU that sleeps in the core is not
//! woken: before it goes back to ring 3 it forgets everything.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use domains::cpu_page::CPUS_MAX;
use domains::layout::PAGE_SIZE;

use crate::cpu::vectors::FORGET;
use crate::cpu::{local, tlb};
use crate::device::lapic;
use crate::hooks;
use crate::lock::Lock;
use crate::report;

/// A range of pages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Pages {
    /// The address of the first.
    pub(crate) start: u64,
    /// How many there are.
    pub(crate) count: u64,
}

impl Pages {
    /// Everything.
    pub(crate) const ALL: Pages = Pages {
        start: 0,
        count: u64::MAX,
    };

    /// Whether the ranges have a page in common.
    pub(crate) const fn overlaps(self, other: Pages) -> bool {
        self.start < other.end() && other.start < self.end()
    }

    const fn end(self) -> u64 {
        self.start
            .saturating_add(self.count.saturating_mul(PAGE_SIZE))
    }
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

/// Who asks. Nothing else is locked by who has this one; it may be taken under
/// the core's lock.
static TURN: Lock<()> = Lock::new(());

/// Counts this CPU, which has this number, from now on. It must forget
/// everything afterwards.
pub(crate) fn join(number: u64) {
    SHOOTDOWN.running.fetch_or(bit(number), SeqCst);
}

/// Has every other running CPU forget `pages`, and waits until they have.
pub(crate) fn ask(pages: Pages) {
    if have_others() {
        hooks::note_shootdown();
        TURN.with(|()| ask_in_turn(pages));
    }
}

fn ask_in_turn(pages: Pages) {
    let asked = SHOOTDOWN.ask(local::current().number, pages);
    let numbers = (0..CPUS_MAX as u8).filter(|number| asked & bit((*number).into()) != 0);
    numbers.for_each(|number| lapic::interrupt(number, FORGET));
    // A CPU that ended the machine stopped without an answer.
    SHOOTDOWN.wait(report::stop_if_ended);
}

/// Whether there are other CPUs that run.
pub(crate) fn have_others() -> bool {
    SHOOTDOWN.running.load(SeqCst).count_ones() > 1
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
    SHOOTDOWN.begin_sleep(number);
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
        let sleepers = self.sleepers(own);
        // DEFENCE: shootdown-sleepers
        self.mark(sleepers);
        let asked = self.awake(own, sleepers);
        // DEFENCE: shootdown-asks
        self.publish(asked, pages)
    }

    /// Who sleeps of all but `own`.
    fn sleepers(&self, own: u64) -> u64 {
        self.others(own) & self.asleep.load(SeqCst)
    }

    /// Notes that sleepers miss something.
    fn mark(&self, sleepers: u64) {
        self.stale.fetch_or(sleepers, SeqCst);
    }

    /// Who must be asked, of all but `own`. Who has woken before the mark may
    /// have looked for it before, too.
    fn awake(&self, own: u64, sleepers: u64) -> u64 {
        // DEFENCE: shootdown-woken
        self.others(own) & !(sleepers & self.asleep.load(SeqCst))
    }

    fn others(&self, own: u64) -> u64 {
        self.running.load(SeqCst) & !bit(own)
    }

    fn publish(&self, asked: u64, pages: Pages) -> u64 {
        // DEFENCE: shootdown-range
        self.start.store(pages.start, Relaxed);
        self.count.store(pages.count, Relaxed);
        self.asked.store(asked, Release);
        asked
    }

    /// Waits until all have answered.
    fn wait(&self, meanwhile: impl Fn()) {
        // DEFENCE: shootdown-answers
        while !self.is_answered() {
            meanwhile();
            core::hint::spin_loop();
        }
    }

    fn is_answered(&self) -> bool {
        self.asked.load(Acquire) == 0
    }

    fn serve(&self, own: u64, forget: impl FnOnce(Pages)) {
        // DEFENCE: shootdown-forgets-first
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
        // DEFENCE: shootdown-awake
        self.end_sleep(own);
        self.has_missed(own)
    }

    fn begin_sleep(&self, own: u64) {
        self.asleep.fetch_or(bit(own), SeqCst);
    }

    fn end_sleep(&self, own: u64) {
        self.asleep.fetch_and(!bit(own), SeqCst);
    }

    /// Whether `own` has missed something; once.
    fn has_missed(&self, own: u64) -> bool {
        // DEFENCE: shootdown-stale
        self.stale.load(SeqCst) & bit(own) != 0
            && self.stale.fetch_and(!bit(own), SeqCst) & bit(own) != 0
    }
}

const fn bit(number: u64) -> u64 {
    1 << number
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
