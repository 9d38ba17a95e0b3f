//! The CPU page as the core sees it.
//!
//! The safe kernel writes to it as it likes, so a word in it is a claim. What
//! the core does by them can hurt the safe kernel only.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::cpu_page::{CPUS_MAX, offset};
use domains::layout::{self, gate};
use domains::{Cell, Domain, Pkru};

use crate::lock::Lock;
use crate::memory::frame::Frame;
use crate::memory::physical::{PhysicalMap, WORDS};

/// A view of one CPU's page.
#[derive(Clone, Copy)]
pub(crate) struct CpuPage(&'static [AtomicU64; WORDS]);

/// The pages of all CPUs, by number.
static PAGES: Lock<[Option<CpuPage>; CPUS_MAX]> = Lock::new([None; CPUS_MAX]);

/// Whether `cell` runs on any CPU.
pub(crate) fn is_armed_anywhere(cell: Cell) -> bool {
    let is_armed = |page: &CpuPage| page.get(offset::armed(cell)) != 0;
    PAGES.with(|pages| pages.iter().flatten().any(is_armed))
}

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

    /// The cell that runs, as the tokens say; none if none does. Cells call nobody:
    /// two that run are a safe kernel that does not know what it does.
    pub(crate) fn armed(self) -> Armed {
        let is_armed = |cell: &Cell| self.get(offset::armed(*cell)) != 0;
        let mut armed = Cell::ALL.into_iter().filter(is_armed);
        match (armed.next(), armed.next()) {
            (None, _) => Armed::None,
            (Some(cell), None) => Armed::One(cell),
            (Some(_), Some(_)) => Armed::Several,
        }
    }

    /// Fills a cleared page for CPU `number`, on which the safe kernel starts.
    pub(crate) fn fill(self, number: u64) {
        PAGES.with(|pages| pages[number as usize % CPUS_MAX] = Some(self));
        self.set(offset::CPU, number);
        for cell in Cell::ALL {
            self.set(offset::cell_stack(cell), cell.stack(number).end);
        }
        self.set(offset::APP_TO_SAFE, layout::GATE_PAGE + gate::APP_TO_SAFE);
        self.set(offset::DOMAIN, Domain::Safe.number());
    }
}

/// Which cells run on a CPU, as their tokens say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Armed {
    /// None.
    None,
    /// This one.
    One(Cell),
    /// More than one.
    Several,
}

/// Who runs in ring 3, as far as the core can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    /// The domain; none if PKRU holds nobody's value.
    pub(crate) domain: Option<Domain>,
    /// PKRU; all rights where there are no keys.
    pub(crate) pkru: Pkru,
}
