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
const FLAGS: u32 = 0b1111;

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

    /// Reads a BAR's register for a driver.
    pub(crate) fn read(&mut self, function: Function, offset: u8) -> u32 {
        if self.sizing == Some((function, offset)) {
            return probe(function, offset);
        }
        self.find(function, (offset - FIRST_BAR) / 4);
        function.read(offset)
    }

    /// Lets a driver believe that it wrote `value`.
    pub(crate) fn write(&mut self, function: Function, offset: u8, value: u32) {
        self.sizing = (value == u32::MAX).then_some((function, offset));
    }

    /// The memory BAR number `bar`, with an address; none if there is no such.
    pub(crate) fn find(&mut self, function: Function, bar: u8) -> Option<Bar> {
        let offset = FIRST_BAR + 4 * bar;
        let low = function.read(offset);
        if low & IO != 0 {
            return None;
        }
        let is_wide = low & WIDTH == WIDE && bar + 1 < BARS;
        let mask = u64::from(probe(function, offset) & !FLAGS);
        let mask = mask
            | if is_wide {
                u64::from(probe(function, offset + 4)) << 32
            } else {
                !0 << 32
            };
        let size = (!mask).wrapping_add(1);
        if mask & 0xffff_ffff == 0 || size < 16 {
            return None;
        }
        let high = if is_wide {
            u64::from(function.read(offset + 4)) << 32
        } else {
            0
        };
        let address = high | u64::from(low & !FLAGS);
        let address = if address == 0 {
            self.assign(function, offset, size)?
        } else {
            address
        };
        Some(Bar { address, size })
    }

    fn assign(&mut self, function: Function, offset: u8, size: u64) -> Option<u64> {
        let address = self
            .next_free
            .checked_next_multiple_of(size.max(PAGE_SIZE))?;
        let end = address.checked_add(size).filter(|end| *end <= WINDOW.end)?;
        self.next_free = end;
        function.write(offset, address as u32);
        Some(address)
    }
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
