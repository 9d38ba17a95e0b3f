//! The memory that PCI functions answer at.

#![expect(unsafe_code, reason = "names device registers")]

use domains::layout::PAGE_SIZE;

use super::mmio::Mmio;
use super::pci::{BARS, COMMAND, FIRST_BAR, Function, MEMORY_SPACE};
use crate::memory::kernel_map::{DEVICES_END, DEVICES_START};

const IO: u32 = 1 << 0;
const WIDTH: u32 = 0b110;
const WIDE: u32 = 0b100;
const FLAGS: u64 = 0b1111;

/// Where the core puts a BAR that the firmware left without an address, or put
/// where the core cannot reach it.
const WINDOW: core::ops::Range<u64> = 0xe000_0000..0xfe00_0000;
/// Where interrupt controllers have their registers.
const CONTROLLERS: core::ops::Range<u64> = 0xfec0_0000..0xff00_0000;

/// A memory BAR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Bar {
    /// The physical address.
    address: u64,
    /// Bytes.
    size: u64,
}

impl Bar {
    const fn is_in_place(&self) -> bool {
        is_in_place(self.address, self.size)
    }
}

/// Whether registers lie among the devices that the core has mapped, and over no
/// interrupt controller.
pub(crate) const fn is_in_place(address: u64, size: u64) -> bool {
    let end = address.saturating_add(size);
    let is_below = end <= CONTROLLERS.start;
    let is_above = CONTROLLERS.end <= address && end <= DEVICES_END;
    DEVICES_START <= address && (is_below || is_above)
}

/// The registers in BAR number `bar`; none if it is none of memory, or is where
/// no device should be.
pub(crate) fn registers(function: Function, bar: u8) -> Option<Mmio> {
    let bar = find(function, bar)?;
    // SAFETY: no memory lies there, nor anything of the core's, and the device
    // is the core's alone. Where its registers name memory, the queue does.
    let registers = unsafe { Mmio::new(bar.address as u32, bar.size as u32) };
    bar.is_in_place().then_some(registers)
}

/// Gives an address to every memory BAR of `functions` that has none which the
/// core can reach. At boot, before a driver looks.
pub(crate) fn assign(functions: impl Iterator<Item = Function>) {
    let mut next = WINDOW.start;
    for function in functions {
        let mut bar = 0;
        while bar < BARS {
            let is_wide = is_wide(function, bar);
            if let Some(found) = find(function, bar).filter(|found| !found.is_in_place()) {
                let address = next.next_multiple_of(found.size.max(PAGE_SIZE));
                next = address.saturating_add(found.size);
                if next <= WINDOW.end {
                    function.write(FIRST_BAR + 4 * bar, address as u32);
                }
                if next <= WINDOW.end && is_wide {
                    function.write(FIRST_BAR + 4 * bar + 4, 0);
                }
            }
            bar += if is_wide { 2 } else { 1 };
        }
    }
}

fn is_wide(function: Function, bar: u8) -> bool {
    function.read(FIRST_BAR + 4 * bar) & (WIDTH | IO) == WIDE && bar + 1 < BARS
}

/// The memory BAR number `bar`; none if there is no such.
fn find(function: Function, bar: u8) -> Option<Bar> {
    let offset = (bar < BARS).then_some(FIRST_BAR + 4 * bar)?;
    let low = function.read(offset);
    let (mut mask, mut address) = (
        !0 << 32 | u64::from(probe(function, offset)),
        u64::from(low),
    );
    if is_wide(function, bar) {
        mask = mask << 32 >> 32 | u64::from(probe(function, offset + 4)) << 32;
        address |= u64::from(function.read(offset + 4)) << 32;
    }
    let size = (!(mask & !FLAGS)).wrapping_add(1);
    let is_memory = low & IO == 0 && mask as u32 & !(FLAGS as u32) != 0;
    is_memory.then_some(Bar {
        address: address & !FLAGS,
        size,
    })
}

/// What the register at `offset` answers to all ones. Its device answers at no
/// address meanwhile.
fn probe(function: Function, offset: u8) -> u32 {
    let command = function.read(COMMAND) & 0xffff;
    let value = function.read(offset);
    function.write(COMMAND, command & !MEMORY_SPACE);
    function.write(offset, u32::MAX);
    let answer = function.read(offset);
    function.write(offset, value);
    function.write(COMMAND, command);
    answer
}
