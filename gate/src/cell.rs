//! The entries of cells, for the safe kernel.
//!
//! Data passes through the windows of a cell; arguments name places there by
//! address. Every call can end in [`Faulted`]: the cell crossed a wall, and the
//! core brought the safe kernel back. The callee is not trusted, so every reply
//! is an allegation as well.

use domains::Cell;

use crate::call;

pub mod console;
pub mod hostfs;
pub mod net;
pub mod nic;
#[cfg(feature = "test-hooks")]
pub mod probe;

/// The cell faulted during the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faulted;

/// How many requests a queue has under way at most.
pub const REQUESTS_MAX: usize = domains::windows::SLOTS;
/// A reply begins at the next multiple of this behind its request.
pub const REPLY_ALIGN: usize = 64;

/// A queue and a slot in one word.
pub const fn with_slot(queue: u32, slot: u32) -> u32 {
    queue << 8 | slot & 0xff
}

/// The queue and the slot in such a word.
pub const fn queue_and_slot(place: u32) -> (u32, u32) {
    (place >> 8, place & 0xff)
}

/// Has `cell` start its devices; which queues there are, a bit for each.
pub fn start(cell: Cell) -> Result<i64, Faulted> {
    call::to_cell(cell, Cell::START, [])
}

/// With `test-hooks`: has `cell` touch memory as the hooks module says.
#[cfg(feature = "test-hooks")]
pub fn hook(cell: Cell, kind: u32, address: usize, argument: usize) -> Result<i64, Faulted> {
    call::to_cell(
        cell,
        cell.hook(),
        [kind.into(), address as u64, argument as u64],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_and_a_slot_fit_into_one_word() {
        for (queue, slot) in [(0, 0), (3, 15), (7, 255)] {
            assert_eq!(queue_and_slot(with_slot(queue, slot)), (queue, slot));
        }
    }
}
