//! Device registers in the core's map of memory.
//!
//! Each is read and written by an access of its own width, as devices demand.

#![expect(unsafe_code, reason = "volatile accesses to device registers")]

#[cfg(test)]
use core::sync::atomic::Ordering;

#[cfg(test)]
use domains::layout::PAGE_SIZE;

#[cfg(test)]
use crate::memory::physical;
use crate::memory::physical::PhysicalMap;

/// Registers that lie together, below 4 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mmio {
    physical: u32,
    size: u32,
}

impl Mmio {
    /// The `size` bytes of registers at `physical`.
    ///
    /// # Safety
    ///
    /// There must be a device whose registers break no memory of the core,
    /// whatever is written but addresses of memory, and nothing else may drive
    /// it.
    pub(crate) const unsafe fn new(physical: u32, size: u32) -> Mmio {
        Mmio { physical, size }
    }

    /// The registers from `offset` on; none if there are not so many.
    pub(crate) fn part(self, offset: u32, size: u32) -> Option<Mmio> {
        let end = offset.checked_add(size)?;
        (end <= self.size).then(|| Mmio {
            physical: self.physical + offset,
            size,
        })
    }

    /// Reads the byte at `offset`.
    pub(crate) fn read8(self, offset: u32) -> u8 {
        self.load(offset)
    }

    /// Reads two bytes at `offset`.
    pub(crate) fn read16(self, offset: u32) -> u16 {
        self.load(offset)
    }

    /// Reads the register at `offset`.
    pub(crate) fn read(self, offset: u32) -> u32 {
        self.load(offset)
    }

    /// Writes the byte at `offset`.
    pub(crate) fn write8(self, offset: u32, value: u8) {
        self.store(offset, value);
    }

    /// Writes two bytes at `offset`.
    pub(crate) fn write16(self, offset: u32, value: u16) {
        self.store(offset, value);
    }

    /// Writes the register at `offset`.
    pub(crate) fn write(self, offset: u32, value: u32) {
        self.store(offset, value);
    }

    /// Writes two registers, the lower half first.
    pub(crate) fn write_pair(self, [low, high]: [u32; 2], value: u64) {
        self.write(low, value as u32);
        self.write(high, (value >> 32) as u32);
    }

    fn load<T: Copy>(self, offset: u32) -> T {
        // SAFETY: as promised to `new`; what is read is a number.
        unsafe { self.pointer::<T>(offset).read_volatile() }
    }

    fn store<T: Copy>(self, offset: u32, value: T) {
        // SAFETY: as promised to `new`.
        unsafe { self.pointer::<T>(offset).write_volatile(value) };
    }

    fn pointer<T>(self, offset: u32) -> *mut T {
        let size = size_of::<T>() as u32;
        assert!(
            offset + size <= self.size && offset.is_multiple_of(size),
            "one of the registers"
        );
        map().address(u64::from(self.physical + offset)) as *mut T
    }
}

#[cfg(not(test))]
fn map() -> PhysicalMap {
    PhysicalMap::CORE
}

/// A page of memory of the host, each byte of which tells where it is.
#[cfg(test)]
fn map() -> PhysicalMap {
    extern crate std;
    static MAP: std::sync::OnceLock<PhysicalMap> = std::sync::OnceLock::new();
    *MAP.get_or_init(|| {
        let map = physical::fake(1);
        for place in (0..PAGE_SIZE).step_by(8) {
            let bytes = [0, 1, 2, 3, 4, 5, 6, 7].map(|byte| (place + byte) as u8);
            let word = map.word(place);
            word.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
        }
        map
    })
}
