//! The used rings of a cell's devices, for the safe kernel.
//!
//! A used ring is the core's page: the device writes it, and its driver can only
//! read it. So when a cell has failed, it says what its devices have done. The
//! page is there if the cell has set the queue up, which is an allegation: it is
//! read as a pointer of the application is.

use domains::Cell;
use domains::windows::ENTRIES;

use crate::user;

/// Where the ring has its index, and its entries: an identifier and a length.
const INDEX: usize = 2;
const FIRST: usize = 4;
const ENTRY: usize = 8;
const LENGTH: usize = 4;

/// A used ring of [`ENTRIES`] entries.
#[derive(Clone, Copy, Debug)]
pub struct UsedRing {
    address: usize,
}

impl UsedRing {
    /// That of a queue of a device of `cell`.
    pub const fn of(cell: Cell, device: usize, queue: usize) -> UsedRing {
        UsedRing {
            address: cell.used_ring(device, queue) as usize,
        }
    }

    /// How many entries the device has put there, all in all; none if there is no
    /// such ring.
    pub fn index(&self) -> Option<u16> {
        self.read(INDEX).map(u16::from_le_bytes)
    }

    /// The length that the device noted in entry `number`.
    pub fn length(&self, number: u16) -> Option<u32> {
        let place = usize::from(number) % ENTRIES * ENTRY;
        self.read(FIRST + place + LENGTH).map(u32::from_le_bytes)
    }

    fn read<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let source = self.address + offset;
        user::try_copy(&mut bytes, source).ok().map(|()| bytes)
    }
}
