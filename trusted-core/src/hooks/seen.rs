//! What ring 3 can see, read from the page tables.

use domains::layout::PAGE_SIZE;

use crate::memory::entry::{Bits, span};
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::space::Space;

/// Pages of the lower half, all of the address space that ring 3 may have.
const PAGES: u64 = (1 << 47) / PAGE_SIZE;

/// How many pages there are, in the high half, and how many of them are no
/// memory, as device registers, in the low half.
pub(super) fn count(space: &Space) -> u64 {
    let leaves = space.tables.leaves(0, PAGES);
    let seen = leaves.filter(|leaf| leaf.entry.has(Bits::PRESENT | Bits::USER_ACCESSIBLE));
    let (mut pages, mut foreign) = (0, 0);
    for leaf in seen {
        let count = span(leaf.level) / PAGE_SIZE;
        let first = leaf.entry.frame().map_or(0, Frame::number);
        let is_memory =
            |number| space.frames.owner(Frame::from_number(number)) != Owner::ABSENT;
        let memory = (first..first + count).filter(|number| is_memory(*number));
        pages += count;
        foreign += count - memory.count() as u64;
    }
    pages << 32 | foreign
}
