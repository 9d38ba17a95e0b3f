//! The memory that PCI functions answer at, as a driver may see it.
//!
//! A driver never writes a BAR. It may go through the motions of sizing one,
//! write all ones and read back, and then sees what the hardware would have
//! said; what it writes stays in a shadow.

use domains::layout::PAGE_SIZE;

use super::pci::{BARS, COMMAND, FIRST_BAR, Function, MEMORY_SPACE};

const IO: u32 = 1 << 0;
const WIDTH: u32 = 0b110;
const WIDE: u32 = 0b100;
const FLAGS: u64 = 0b1111;

/// Where the core puts a BAR that the firmware left without an address.
const WINDOW: core::ops::Range<u64> = 0xe000_0000..0xfe00_0000;

/// How many BARs drivers can have mapped.
const MAPPED_MAX: usize = 32;

/// A memory BAR with an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bar {
    /// The physical address.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// What drivers have mapped, and the shadow.
pub(crate) struct Bars {
    mapped: [Option<(Function, u8, u64)>; MAPPED_MAX],
    sizing: Option<(Function, u8)>,
    next_page: u64,
    next_free: u64,
}

impl Bars {
    /// Nothing mapped; the first BAR goes to `next_page`.
    pub(crate) const fn new(next_page: u64) -> Bars {
        let next_free = WINDOW.start;
        Bars {
            mapped: [None; MAPPED_MAX],
            sizing: None,
            next_page,
            next_free,
        }
    }

    /// Where `bar` of `function` is mapped.
    pub(crate) fn mapped(&self, function: Function, bar: u8) -> Option<u64> {
        let known = self.mapped.iter().flatten();
        known
            .copied()
            .find(|known| (known.0, known.1) == (function, bar))
            .map(|known| known.2)
    }

    /// Takes addresses for `pages` pages of `bar`; none if there is no room to
    /// remember it.
    pub(crate) fn take(&mut self, function: Function, bar: u8, pages: u64) -> Option<u64> {
        let slot = self.mapped.iter_mut().find(|slot| slot.is_none())?;
        let address = self.next_page;
        *slot = Some((function, bar, address));
        // One page stays free behind each.
        self.next_page += (pages + 1) * PAGE_SIZE;
        Some(address)
    }

    /// Gives an address to every memory BAR of a virtio function that the
    /// firmware left without one. At boot, before a driver looks.
    pub(crate) fn assign_all(&mut self) {
        for function in Function::on_first_bus().filter(|function| function.is_virtio()) {
            let mut bar = 0;
            while bar < BARS {
                let is_wide = function.read(FIRST_BAR + 4 * bar) & (WIDTH | IO) == WIDE;
                if find(function, bar).is_some_and(|found| found.address == 0) {
                    self.assign(function, bar);
                }
                bar += if is_wide { 2 } else { 1 };
            }
        }
    }

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

    fn assign(&mut self, function: Function, bar: u8) -> Option<()> {
        let size = find(function, bar)?.size;
        let address = self
            .next_free
            .checked_next_multiple_of(size.max(PAGE_SIZE))?;
        self.next_free = address.checked_add(size).filter(|end| *end <= WINDOW.end)?;
        function.write(FIRST_BAR + 4 * bar, address as u32);
        Some(())
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
