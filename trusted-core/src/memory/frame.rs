//! The number of a physical frame.

use domains::layout::PAGE_SIZE;

/// One frame of physical memory, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame(u64);

impl Frame {
    /// The frame that holds the physical address `address`.
    pub(crate) const fn containing(address: u64) -> Frame {
        Frame(address / PAGE_SIZE)
    }

    /// The frame with this number.
    pub(crate) const fn from_number(number: u64) -> Frame {
        Frame(number)
    }

    /// Its number.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// Its place in a table with one element a frame.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// So many frames from this one on.
    pub(crate) fn run(self, count: u64) -> impl Iterator<Item = Frame> {
        (self.0..self.0 + count).map(Frame)
    }

    /// The physical address of its first byte.
    pub(crate) const fn address(self) -> u64 {
        self.0 * PAGE_SIZE
    }
}

/// How many pages `bytes` need.
pub(crate) const fn pages_of(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE_SIZE)
}

/// `address`, rounded up to a page.
pub(crate) const fn page_up(address: u64) -> u64 {
    address.next_multiple_of(PAGE_SIZE)
}
