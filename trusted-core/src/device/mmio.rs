//! Device registers in the core's map of memory.
//!
//! Each is read and written by an access of its own size, as devices demand.

#![expect(unsafe_code, reason = "volatile accesses to device registers")]

use core::ops::Range;

use zerocopy::FromBytes;

use crate::memory::kernel_map::{DEVICES_END, DEVICES_START};

#[cfg(not(test))]
use crate::memory::physical::PhysicalMap;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
use fake::{load, store};

/// Where interrupt controllers have their registers.
const CONTROLLERS: Range<u64> = 0xfec0_0000..0xff00_0000;

/// A register: its offset, and its size in bytes, which is 1, 2 or 4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Register(pub(crate) u32, pub(crate) u32);

/// Registers that lie together, below 4 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct Mmio {
    physical: u32,
    size: u32,
}

/// Whether `size` bytes of registers at `address` lie among the devices that the
/// core has mapped, and over no interrupt controller.
pub(crate) fn is_in_place(address: u64, size: u32) -> bool {
    let end = address.saturating_add(u64::from(size));
    let is_below = end <= CONTROLLERS.start;
    let is_above = CONTROLLERS.end <= address && end <= DEVICES_END;
    DEVICES_START <= address && (is_below || is_above)
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

    /// All of it as one register.
    pub(crate) const fn only(self) -> Register {
        Register(0, self.size)
    }

    /// Reads the four bytes at `offset`.
    pub(crate) fn read(self, offset: u32) -> u32 {
        self.get(Register(offset, 4))
    }

    /// Writes the four bytes at `offset`.
    pub(crate) fn write(self, offset: u32, value: u32) {
        self.set(Register(offset, 4), value);
    }

    /// Writes eight bytes at `offset`, the lower four first.
    pub(crate) fn write_pair(self, offset: u32, value: u64) {
        self.write(offset, value as u32);
        self.write(offset + 4, (value >> 32) as u32);
    }

    /// Reads a register.
    pub(crate) fn get(self, register: Register) -> u32 {
        load(self.place(register), register.1)
    }

    /// Writes a register.
    pub(crate) fn set(self, register: Register, value: u32) {
        store(self.place(register), register.1, value);
    }

    /// Where a register is in physical memory.
    fn place(self, Register(offset, size): Register) -> u32 {
        assert!(
            offset + size <= self.size && offset.is_multiple_of(size),
            "one of the registers"
        );
        self.physical + offset
    }
}

#[cfg(not(test))]
#[inline]
fn load(place: u32, size: u32) -> u32 {
    match size {
        1 => u32::from(read::<u8>(place)),
        2 => u32::from(read::<u16>(place)),
        _ => read(place),
    }
}

#[cfg(not(test))]
#[inline]
fn store(place: u32, size: u32, value: u32) {
    match size {
        1 => write(place, value as u8),
        2 => write(place, value as u16),
        _ => write(place, value),
    }
}

#[cfg(not(test))]
fn read<T: FromBytes>(place: u32) -> T {
    let address = PhysicalMap::CORE.address(u64::from(place)) as *const T;
    // SAFETY: as promised to `Mmio::new`; what is read is a number.
    unsafe { address.read_volatile() }
}

#[cfg(not(test))]
fn write<T>(place: u32, value: T) {
    let address = PhysicalMap::CORE.address(u64::from(place)) as *mut T;
    // SAFETY: as promised to `Mmio::new`.
    unsafe { address.write_volatile(value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lie_among_devices_and_over_no_interrupt_controller() {
        let (start, end) = (CONTROLLERS.start, CONTROLLERS.end);
        for (address, size) in [
            (DEVICES_START, 1),
            (0xe000_0000, 0x10_0000),
            (start - 0x200, 0x200),
            (end, 0x1000),
            (DEVICES_END - 0x1000, 0x1000),
        ] {
            assert!(is_in_place(address, size), "{size:#x} at {address:#x}");
        }
        for (address, size) in [
            (0, 1),
            (0, DEVICES_START as u32 + 1),
            (DEVICES_START - 1, 2),
            (start - 0x200, 0x201),
            (start, 1),
            (end - 1, 2),
            (start - 1, (end - start) as u32 + 2),
            (DEVICES_END - 1, 2),
            (DEVICES_END, 1),
            (DEVICES_START, u32::MAX),
            (u64::MAX, 2),
        ] {
            assert!(!is_in_place(address, size), "{size:#x} at {address:#x}");
        }
    }
}
