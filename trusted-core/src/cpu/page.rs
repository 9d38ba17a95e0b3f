//! The CPU page as the core sees it.
//!
//! The safe kernel writes to it as it likes, so a word in it is a claim. What
//! the core does by them can hurt the safe kernel only.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::cpu_page::offset;
use domains::layout::{self, gate};
use domains::{Domain, Pkru};

use crate::memory::frame::Frame;
use crate::memory::physical::{PhysicalMap, WORDS};

/// A view of one CPU's page.
#[derive(Clone, Copy)]
pub(crate) struct CpuPage(&'static [AtomicU64; WORDS]);

impl CpuPage {
    /// The page in `frame`.
    pub(crate) fn new(map: PhysicalMap, frame: Frame) -> CpuPage {
        CpuPage(map.words(frame))
    }

    /// The stack that an upcall starts on; zero while a kernel runs.
    pub(crate) fn entry_stack(self) -> u64 {
        self.get(offset::ENTRY_STACK)
    }

    /// Whether the unsafe kernel runs, called by the safe kernel.
    pub(crate) fn is_armed(self) -> bool {
        self.get(offset::ARMED) != 0
    }

    /// Events noted and not yet handled.
    pub(crate) fn pending(self) -> u64 {
        self.get(offset::PENDING)
    }

    /// Where a failed copy resumes; zero if none runs.
    pub(crate) fn recovery(self) -> u64 {
        self.get(offset::RECOVERY)
    }

    /// The number of the domain that runs, where there are no keys.
    pub(crate) fn domain(self) -> u64 {
        self.get(offset::DOMAIN)
    }

    /// Calls into the unsafe kernel so far.
    pub(crate) fn unsafe_calls(self) -> u64 {
        self.get(offset::UNSAFE_CALLS)
    }

    /// Takes the events that are pending away.
    #[cfg(feature = "test-hooks")]
    pub(crate) fn take_pending(self) -> u64 {
        let pending = self.pending();
        self.set(offset::PENDING, 0);
        pending
    }

    /// Takes the token of a call into the unsafe kernel away.
    #[cfg(feature = "test-hooks")]
    pub(crate) fn disarm(self) {
        self.set(offset::ARMED, 0);
    }

    /// Sets the stack for upcalls.
    pub(crate) fn set_entry_stack(self, stack: u64) {
        self.set(offset::ENTRY_STACK, stack);
    }

    /// Ends the copy that could fail.
    pub(crate) fn clear_recovery(self) {
        self.set(offset::RECOVERY, 0);
    }

    /// Says who runs, where there are no keys.
    pub(crate) fn set_domain(self, domain: Domain) {
        self.set(offset::DOMAIN, domain as u64);
    }

    /// Notes an event: a bit of [`domains::cpu_page::pending`].
    pub(crate) fn note(self, event: u64) {
        self.set(offset::PENDING, self.pending() | event);
    }

    /// Fills a cleared page for CPU `number`, on which the safe kernel starts.
    pub(crate) fn fill(self, number: u64, unsafe_stack: u64) {
        self.set(offset::CPU, number);
        self.set(offset::UNSAFE_STACK, unsafe_stack);
        self.set(offset::APP_TO_SAFE, layout::GATE_PAGE + gate::APP_TO_SAFE);
        self.set_domain(Domain::Safe);
    }

    fn get(self, offset: usize) -> u64 {
        self.0[offset / 8].load(Relaxed)
    }

    fn set(self, offset: usize, value: u64) {
        self.0[offset / 8].store(value, Relaxed);
    }
}

/// Who runs in ring 3, as far as the core can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    /// The domain; none if PKRU holds nobody's value.
    pub(crate) domain: Option<Domain>,
    /// PKRU; all rights where there are no keys.
    pub(crate) pkru: Pkru,
}
