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

    /// The word at `offset`, one of [`offset`].
    pub(crate) fn get(self, offset: usize) -> u64 {
        self.0[offset / 8].load(Relaxed)
    }

    /// Sets the word at `offset`, one of [`offset`].
    pub(crate) fn set(self, offset: usize, value: u64) {
        self.0[offset / 8].store(value, Relaxed);
    }

    /// Notes an event: a bit of [`domains::cpu_page::pending`].
    pub(crate) fn note(self, event: u64) {
        self.set(offset::PENDING, self.get(offset::PENDING) | event);
    }

    /// Fills a cleared page for CPU `number`, on which the safe kernel starts.
    pub(crate) fn fill(self, number: u64) {
        let unsafe_stack = layout::UNSAFE.start_stack(number).end;
        self.set(offset::CPU, number);
        self.set(offset::UNSAFE_STACK, unsafe_stack);
        self.set(offset::APP_TO_SAFE, layout::GATE_PAGE + gate::APP_TO_SAFE);
        self.set(offset::DOMAIN, Domain::Safe as u64);
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
