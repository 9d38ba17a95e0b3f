//! The kernel's own heap: its extents, and what an allocation takes of memory.
//!
//! The heap takes its memory from the core by extents and gives back those that
//! are all free, so that what files took is the application's again when they
//! are gone. It has at most half of the machine's memory.

pub mod extents;

/// What the allocator rounds sizes up to, and what it keeps with each.
const UNIT: u64 = 32;
const TAIL: u64 = 8;

/// How many bytes of memory an allocation of `size` bytes takes.
pub const fn cost(size: usize) -> u64 {
    let chunk = (size as u64).saturating_add(TAIL).next_multiple_of(UNIT);
    // What stays unused at the ends of extents: fifteen pages of a file fit one.
    // DEFENCE: heap-cost
    chunk.saturating_add(chunk / 16)
}

/// How much the heap may have of `memory` bytes: the rest is the application's,
/// whatever it has the kernel do.
pub const fn limit(memory: u64) -> u64 {
    memory / 2
}

#[cfg(test)]
mod tests {
    use super::extents::EXTENT_MIN;
    use super::*;

    #[test]
    fn extents_hold_what_their_parts_cost() {
        for size in [1, 24, 64, 160, 1000, 4096] {
            let chunk = (size as u64 + TAIL).next_multiple_of(UNIT);
            // The allocator keeps one unit of an extent for itself.
            let fit = (EXTENT_MIN - UNIT) / chunk;
            assert!(fit * cost(size) >= EXTENT_MIN * 99 / 100, "{size}");
        }
    }
}
