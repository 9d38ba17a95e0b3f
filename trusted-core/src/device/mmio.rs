//! Device registers in the core's map of memory.

#![expect(unsafe_code, reason = "volatile accesses to device registers")]

use domains::layout::PAGE_SIZE;

use crate::memory::physical::PhysicalMap;

/// A page of 32-bit registers.
#[derive(Clone, Copy)]
pub(crate) struct Mmio {
    physical: u64,
}

impl Mmio {
    /// The registers at `physical`.
    ///
    /// # Safety
    ///
    /// There must be a device whose registers break no memory of the core,
    /// whatever is written, and nothing else may drive it.
    pub(crate) const unsafe fn new(physical: u64) -> Mmio {
        Mmio { physical }
    }

    /// Reads the register at `offset`.
    pub(crate) fn read(self, offset: u64) -> u32 {
        // SAFETY: as promised to `new`.
        unsafe { self.pointer(offset).read_volatile() }
    }

    /// Writes the register at `offset`.
    pub(crate) fn write(self, offset: u64, value: u32) {
        // SAFETY: as promised to `new`.
        unsafe { self.pointer(offset).write_volatile(value) };
    }

    fn pointer(self, offset: u64) -> *mut u32 {
        assert!(
            offset < PAGE_SIZE && offset.is_multiple_of(4),
            "a register of the page"
        );
        PhysicalMap::CORE.address(self.physical + offset) as *mut u32
    }
}
