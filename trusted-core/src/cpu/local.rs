//! What the core keeps for each CPU, at one address on every CPU.
//!
//! The page is the CPU's own because the first gibibyte of the address space
//! is; so the core finds it without GS, whose base ring 3 writes as it likes.

#![expect(unsafe_code, reason = "refers to a page at a fixed address")]

use core::cell::Cell;

use domains::cpu_page::offset;
use domains::layout::{CORE_CPU_PAGE, PAGE_SIZE};
use domains::{Domain, Isolation, Pkru};
use static_assertions::const_assert;

use super::control::Settings;
use super::page::{Caller, CpuPage};
use super::pkru;
use super::stacks::{Place, Stack};
use crate::device::virtio::Bell;
use crate::memory::frame::Frame;
use crate::memory::physical::PhysicalMap;
use crate::memory::tables::Tables;
use crate::time::looks::Looks;
use crate::time::timer::Deadline;

/// One CPU's own state.
#[repr(C)]
pub(crate) struct Local {
    /// The caller's stack pointer while the core-call stub changes stacks.
    pub(crate) user_stack: Cell<u64>,
    /// Where the core's stack for calls ends.
    pub(crate) core_stack: Cell<u64>,
    /// The number of the CPU.
    pub(crate) number: u64,
    /// Its page tables, which are its own in the first gibibyte.
    pub(crate) tables: Tables,
    /// The CPU page.
    pub(crate) page: CpuPage,
    /// The deadline that the safe kernel set.
    pub(crate) deadline: Cell<Deadline>,
    /// Whether the timer runs for that, and not for a look.
    pub(crate) is_alarm: Cell<bool>,
    /// What the core has seen of calls into cells.
    pub(crate) looks: Cell<Looks>,
    /// The bell to ring when the core's lock is open: here, and not in what a call
    /// answers, because every call would carry it.
    pub(crate) bell: Cell<Bell>,
    /// The settings of the CPU that boots.
    pub(crate) settings: Settings,
}

const_assert!(size_of::<Local>() as u64 <= PAGE_SIZE);

impl Local {
    /// The state of CPU `number`, which runs on `tables`, whose page is `page`
    /// and whose stacks lie at `stacks`, and which must have these settings.
    pub(crate) fn new(
        number: u64,
        tables: Tables,
        page: CpuPage,
        stacks: Place,
        settings: Settings,
    ) -> Local {
        Local {
            user_stack: Cell::new(0),
            core_stack: Cell::new(stacks.top(Stack::Call)),
            number,
            tables,
            page,
            deadline: Cell::new(Deadline::NONE),
            is_alarm: Cell::new(false),
            looks: Cell::new(Looks::NONE),
            bell: Cell::default(),
            settings,
        }
    }

    /// Puts the state into `frame`.
    ///
    /// # Safety
    ///
    /// Nobody else may use the frame, and the CPU must not have come so far that
    /// it asks for [`current`].
    pub(crate) unsafe fn install(self, frame: Frame) {
        let place = PhysicalMap::CORE.address(frame.address()) as *mut Local;
        // SAFETY: the caller's duty; the page is large enough.
        unsafe { place.write(self) };
    }

    /// Who ran in ring 3 when the core was entered.
    pub(crate) fn caller(&self) -> Caller {
        let pkru = match self.settings.isolation {
            Isolation::Mpk => pkru::read(),
            Isolation::None => Pkru::from_bits(0),
        };
        let domain = match self.settings.isolation {
            Isolation::Mpk => pkru.domain(),
            Isolation::None => Domain::from_number(self.page.get(offset::DOMAIN)),
        };
        Caller { domain, pkru }
    }

    /// Gives ring 3 the rights of `domain`, from the return on.
    pub(crate) fn assume(&self, domain: Domain) {
        match self.settings.isolation {
            Isolation::Mpk => pkru::write(Pkru::of(domain)),
            Isolation::None => self.page.set(offset::DOMAIN, domain.number()),
        }
    }
}

/// The state of this CPU.
pub(crate) fn current() -> &'static Local {
    // SAFETY: the frame that is mapped there has held it since before ring 3 or an
    // interrupt could run, and what changes in it is in cells of this CPU alone.
    unsafe { &*(CORE_CPU_PAGE as *const Local) }
}
