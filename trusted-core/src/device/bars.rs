//! The memory that PCI functions answer at.

#![expect(unsafe_code, reason = "names device registers")]

use super::mmio::Mmio;
use super::pci::{BARS, FIRST_BAR, Function};
use crate::memory::kernel_map::{DEVICES_END, DEVICES_START};

const IO: u32 = 1 << 0;
const WIDTH: u32 = 0b110;
const WIDE: u32 = 0b100;
const FLAGS: u32 = 0b1111;

/// Where the core puts BARs, for the firmware may have left one without an
/// address, or put it where the core cannot reach it: a place for each BAR of
/// each slot, larger than any that the devices have which are driven here.
const PLACES: u32 = 0xe000_0000;
const PLACE: u32 = 1 << 20;
/// Where interrupt controllers have their registers.
const CONTROLLERS: core::ops::Range<u64> = 0xfec0_0000..0xff00_0000;

/// Whether registers lie among the devices that the core has mapped, and over no
/// interrupt controller.
pub(crate) const fn is_in_place(address: u64, size: u64) -> bool {
    let end = address.saturating_add(size);
    let is_below = end <= CONTROLLERS.start;
    let is_above = CONTROLLERS.end <= address && end <= DEVICES_END;
    DEVICES_START <= address && (is_below || is_above)
}

/// The `size` bytes of registers at `offset` of BAR number `bar`; none if it is
/// none of memory, or they are where no device should be.
pub(crate) fn registers(function: Function, bar: u8, offset: u32, size: u32) -> Option<Mmio> {
    let address = place(function, bar)? + u64::from(offset);
    // SAFETY: no memory lies there, nor anything of the core's, and the device
    // is the core's alone. Where its registers name memory, the queue does.
    is_in_place(address, u64::from(size)).then(|| unsafe { Mmio::new(address as u32, size) })
}

/// Puts BAR number `bar` where the core reaches it, wherever it was: its address.
fn place(function: Function, bar: u8) -> Option<u64> {
    let register = (bar < BARS).then_some(FIRST_BAR + 4 * bar)?;
    let flags = function.read(register) & FLAGS;
    (flags & IO == 0).then_some(())?;
    let number = u32::from(function.slot()) * u32::from(BARS) + u32::from(bar);
    let place = PLACES + PLACE * number;
    function.stop_answering();
    function.write(register, place);
    if flags & WIDTH == WIDE && bar + 1 < BARS {
        function.write(register + 4, 0);
    }
    (function.read(register) & !FLAGS == place).then_some(u64::from(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lie_among_devices_and_over_no_interrupt_controller() {
        let (start, end) = (CONTROLLERS.start, CONTROLLERS.end);
        for (address, size) in [
            (DEVICES_START, 1),
            (u64::from(PLACES), u64::from(PLACE)),
            (start - 0x200, 0x200),
            (end, 0x1000),
            (DEVICES_END - 0x1000, 0x1000),
        ] {
            assert!(is_in_place(address, size), "{size:#x} at {address:#x}");
        }
        for (address, size) in [
            (0, 1),
            (0, DEVICES_START + 1),
            (DEVICES_START - 1, 2),
            (start - 0x200, 0x201),
            (start, 1),
            (end - 1, 2),
            (start - 1, end - start + 2),
            (DEVICES_END - 1, 2),
            (DEVICES_END, 1),
            (DEVICES_START, u64::MAX),
            (u64::MAX, 2),
        ] {
            assert!(!is_in_place(address, size), "{size:#x} at {address:#x}");
        }
    }
}
