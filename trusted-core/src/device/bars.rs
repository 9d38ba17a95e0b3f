//! The memory that PCI functions answer at, as a driver may see it.
//!
//! A driver never writes a BAR. It may go through the motions of sizing one,
//! write all ones and read back, and then sees what the hardware would have
//! said; what it writes stays in a shadow.

use domains::layout::{self, PAGE_SIZE};

use super::pci::{BARS, COMMAND, FIRST_BAR, Function, MEMORY_SPACE};

const IO: u32 = 1 << 0;
const WIDTH: u32 = 0b110;
const WIDE: u32 = 0b100;
const FLAGS: u64 = 0b1111;

/// Where the core puts a BAR that the firmware left without an address.
const WINDOW: core::ops::Range<u64> = 0xe000_0000..0xfe00_0000;

/// Where BARs are mapped for drivers, each in a span of its own; the registers
/// of virtio over MMIO lie before.
const FIRST_SPAN: u64 = layout::UNSAFE.devices().start + (1 << 30);
const SPAN: u64 = 16 << 20;

const _: () = assert!(FIRST_SPAN + 0x100 * 8 * SPAN <= layout::UNSAFE.devices().end);

/// A memory BAR with an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bar {
    /// The physical address.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// What drivers think they wrote.
#[derive(Default)]
pub(crate) struct Bars {
    sizing: Option<(Function, u8)>,
}

impl Bars {
    /// Reads a BAR's register for a driver.
    pub(crate) fn read(&self, function: Function, offset: u8) -> u32 {
        match self.sizing {
            Some(sizing) if sizing == (function, offset) => probe(function, offset),
            _ => function.read(offset),
        }
    }

    /// Lets a driver believe that it wrote `value`.
    pub(crate) fn write(&mut self, function: Function, offset: u8, value: u32) {
        self.sizing = (value == u32::MAX).then_some((function, offset));
    }
}

impl Bar {
    /// Where this is mapped for drivers, as `bar` of `function`. None if it is
    /// too large for that, or so small that it could share a page.
    pub(crate) fn place(&self, function: Function, bar: u8) -> Option<u64> {
        let is_whole =
            self.address.is_multiple_of(PAGE_SIZE) && self.size.is_multiple_of(PAGE_SIZE);
        let number = 8 * function.number() + u64::from(bar);
        (is_whole && self.size < SPAN).then_some(FIRST_SPAN + number * SPAN)
    }
}

/// Gives an address to every memory BAR of a virtio function that the firmware
/// left without one. At boot, before a driver looks.
pub(crate) fn assign_all() {
    let mut next = WINDOW.start;
    for function in Function::all().filter(|function| function.is_virtio()) {
        let mut bar = 0;
        while bar < BARS {
            let is_wide = function.read(FIRST_BAR + 4 * bar) & (WIDTH | IO) == WIDE;
            if let Some(found) = find(function, bar).filter(|found| found.address == 0) {
                let address = next.next_multiple_of(found.size.max(PAGE_SIZE));
                next = address.saturating_add(found.size);
                if next <= WINDOW.end {
                    function.write(FIRST_BAR + 4 * bar, address as u32);
                }
            }
            bar += if is_wide { 2 } else { 1 };
        }
    }
}

/// The memory BAR number `bar`; none if there is no such.
pub(crate) fn find(function: Function, bar: u8) -> Option<Bar> {
    let offset = FIRST_BAR + 4 * bar;
    let low = function.read(offset);
    let is_wide = low & (WIDTH | IO) == WIDE && bar + 1 < BARS;
    let (mut mask, mut address) = (
        !0 << 32 | u64::from(probe(function, offset)),
        u64::from(low),
    );
    if is_wide {
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
