//! Where small blocks come from and go home to: pieces of memory cut up.
//!
//! A slab is a piece of [`SLAB`] bytes at a multiple of that, so that a block's
//! address leads to its slab, whoever frees it. Its head counts the blocks in
//! use; when the last one comes home, the piece goes back to the larger memory.
//! The slabs that have blocks to give are in a list, one for each class.

use core::mem::size_of;
use core::ptr;

use crate::cache::{Block, Class, STEP};

/// The distance of two slabs.
pub(crate) const SLAB: usize = 8 << 10;
/// The bytes of a slab: with the note that the larger memory keeps of each
/// piece, slabs fit one behind the other.
pub(crate) const SLAB_SIZE: usize = SLAB - 2 * STEP;
/// Where the blocks of a slab begin.
const FIRST: usize = size_of::<Slab>().next_multiple_of(STEP);

/// The head of a slab.
#[derive(Debug)]
struct Slab {
    /// Neighbours in the list of those that have blocks to give.
    next: *mut Slab,
    previous: *mut Slab,
    /// Blocks that came home.
    free: *mut Block,
    /// How many blocks are out.
    used: usize,
    /// From here on no block was ever given.
    fresh: usize,
}

/// The slabs of one class.
#[derive(Debug)]
pub(crate) struct Slabs {
    first: *mut Slab,
}

// SAFETY: slabs and their free blocks belong to whoever holds the list.
unsafe impl Send for Slabs {}

impl Slabs {
    /// No slab yet.
    pub(crate) const fn new() -> Slabs {
        Slabs {
            first: ptr::null_mut(),
        }
    }

    /// Gives a block; null if no slab has one.
    pub(crate) fn take(&mut self, class: Class) -> *mut Block {
        let slab = self.first;
        if slab.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: slabs in the list are live, and nobody else looks at them.
        let head = unsafe { &mut *slab };
        let block = head.give(slab, class.size());
        if !head.has_block(class.size()) {
            self.unlink(slab);
        }
        block
    }

    /// Adds a new slab.
    ///
    /// # Safety
    ///
    /// `memory` has [`SLAB_SIZE`] bytes, is aligned by [`SLAB`], and unused.
    pub(crate) unsafe fn add(&mut self, memory: *mut u8) {
        let slab: *mut Slab = memory.cast();
        let head = Slab {
            next: ptr::null_mut(),
            previous: ptr::null_mut(),
            free: ptr::null_mut(),
            used: 0,
            fresh: FIRST,
        };
        // SAFETY: the memory is unused, aligned, and larger than a head.
        unsafe { slab.write(head) };
        self.link(slab);
    }

    /// Takes a block home; its slab, if that is all free now and goes away.
    ///
    /// # Safety
    ///
    /// The block came from [`Slabs::take`] of this class, and nobody uses it.
    pub(crate) unsafe fn put(&mut self, class: Class, block: *mut Block) -> Option<*mut u8> {
        let slab: *mut Slab = block.map_addr(|address| address & !(SLAB - 1)).cast();
        // SAFETY: the block lies in a live slab of this class.
        let head = unsafe { &mut *slab };
        let was_listed = head.has_block(class.size());
        // SAFETY: the block is free, aligned, and holds a word.
        unsafe { block.write(Block { next: head.free }) };
        head.free = block;
        head.used -= 1;
        let is_empty = head.used == 0;
        match (was_listed, is_empty) {
            (true, true) => self.unlink(slab),
            (false, false) => self.link(slab),
            _ => {}
        }
        is_empty.then_some(slab.cast())
    }

    fn link(&mut self, slab: *mut Slab) {
        let next = self.first;
        // SAFETY: the slab is live, and in no list.
        unsafe { (*slab).next = next };
        // SAFETY: as above.
        unsafe { (*slab).previous = ptr::null_mut() };
        if !next.is_null() {
            // SAFETY: slabs in the list are live.
            unsafe { (*next).previous = slab };
        }
        self.first = slab;
    }

    fn unlink(&mut self, slab: *mut Slab) {
        // SAFETY: the slab is live, and in the list.
        let Slab { next, previous, .. } = unsafe { slab.read() };
        if !next.is_null() {
            // SAFETY: slabs in the list are live.
            unsafe { (*next).previous = previous };
        }
        if previous.is_null() {
            self.first = next;
        } else {
            // SAFETY: slabs in the list are live.
            unsafe { (*previous).next = next };
        }
    }
}

impl Slab {
    /// Whether there is a block of `size` bytes to give.
    fn has_block(&self, size: usize) -> bool {
        !self.free.is_null() || self.fresh + size <= SLAB_SIZE
    }

    /// Gives a block of `size` bytes, which there is, of the slab at `slab`.
    fn give(&mut self, slab: *mut Slab, size: usize) -> *mut Block {
        self.used += 1;
        let block = self.free;
        if block.is_null() {
            let offset = self.fresh;
            self.fresh += size;
            return slab.wrapping_byte_add(offset).cast();
        }
        // SAFETY: blocks that came home are free, and each leads to the next.
        self.free = unsafe { (*block).next };
        block
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{Layout, alloc, dealloc};
    use std::collections::BTreeSet;
    use std::vec::Vec;

    use super::*;

    const LAYOUT: Layout = match Layout::from_size_align(SLAB, SLAB) {
        Ok(layout) => layout,
        Err(_) => panic!("a power of two"),
    };

    #[test]
    fn blocks_lie_apart_and_a_slab_goes_when_all_are_home() {
        // Miri would take minutes for all.
        let step = if cfg!(miri) { 15 } else { 1 };
        for class in Class::all().skip(step - 1).step_by(step) {
            let mut slabs = Slabs::new();
            assert!(slabs.take(class).is_null());
            // SAFETY: the size is not zero.
            let memory = [0; 3].map(|_| unsafe { alloc(LAYOUT) });
            for memory in memory {
                // SAFETY: the memory is new, of that size and alignment.
                unsafe { slabs.add(memory) };
            }
            let mut blocks: Vec<*mut Block> = Vec::new();
            loop {
                match slabs.take(class) {
                    block if block.is_null() => break,
                    block => blocks.push(block),
                }
            }
            let places: BTreeSet<usize> = blocks.iter().map(|block| block.addr()).collect();
            assert_eq!(places.len(), blocks.len());
            assert!(blocks.len() >= 3 * (SLAB_SIZE - FIRST) / class.size() - 3);
            for (place, next) in places.iter().zip(places.iter().skip(1)) {
                assert!(next - place >= class.size());
            }
            let mut gone = Vec::new();
            // Every second one first, so that slabs leave in the midst.
            let (some, others): (Vec<_>, Vec<_>) = blocks
                .iter()
                .enumerate()
                .partition(|(place, _)| place % 2 == 0);
            for (_, block) in some.into_iter().chain(others) {
                // SAFETY: it came from these slabs.
                gone.extend(unsafe { slabs.put(class, *block) });
            }
            assert_eq!(gone.len(), 3);
            assert!(slabs.first.is_null());
            for memory in memory {
                // SAFETY: it was allocated above, and all blocks are home.
                unsafe { dealloc(memory, LAYOUT) };
            }
        }
    }
}
