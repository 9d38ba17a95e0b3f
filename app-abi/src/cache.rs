//! A thread's own blocks, ready to be given again.
//!
//! Most allocations are small and short-lived. So a thread keeps what it frees
//! in lists by size, up to a limit per list, and gives from there what it is
//! asked for: no lock, no atomic operation, and the last block freed, which is
//! the one still in the CPU's cache, comes first. The cache lies in the block
//! of the thread; it holds blocks that other threads allocated like its own,
//! and what is too much goes home in batches. Blocks come from home in batches,
//! too, each twice the size of the last: a thread that needs few blocks fetches
//! few, and has few to send home when it ends.

use core::ptr;

/// The alignment of every block, and the step between sizes.
pub(crate) const STEP: usize = 16;
/// The largest block that is kept.
pub(crate) const SIZE_MAX: usize = 512;
/// How many bytes a list keeps, and how many blocks at least and at most.
const LIST_BYTES: usize = 2 << 10;
const LIST_MIN: usize = 8;
const LIST_MAX: usize = 64;
/// How many blocks a list gets from home the first time.
const FIRST_BATCH: u32 = 2;
/// One bit for each alignment that every block has.
const ALIGNS: u32 = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16;

/// The number of a size, smallest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Class(usize);

impl Class {
    /// How many sizes there are.
    pub(crate) const COUNT: usize = SIZE_MAX / STEP;

    /// The class that serves `size` bytes aligned by `align`; none if that is
    /// nothing, too large or too strictly aligned, or makes no sense.
    #[inline(always)]
    pub(crate) fn of(size: usize, align: usize) -> Option<Class> {
        let place = size.wrapping_sub(1);
        if place < SIZE_MAX && align <= STEP && ALIGNS >> align & 1 == 1 {
            Some(Class(place / STEP))
        } else {
            None
        }
    }

    /// Every class.
    pub(crate) fn all() -> impl Iterator<Item = Class> {
        (0..Class::COUNT).map(Class)
    }

    /// Its place in a table.
    pub(crate) const fn number(self) -> usize {
        self.0
    }

    /// The bytes of a block.
    pub(crate) const fn size(self) -> usize {
        (self.0 + 1) * STEP
    }

    /// How many blocks go home at a time, and how many come from there at most.
    pub(crate) const fn batch(self) -> usize {
        self.limit() / 2
    }

    /// How many blocks a thread keeps.
    const fn limit(self) -> usize {
        let blocks = LIST_BYTES / self.size();
        if blocks < LIST_MIN {
            LIST_MIN
        } else if blocks > LIST_MAX {
            LIST_MAX
        } else {
            blocks
        }
    }
}

/// A free block: its first word leads to the next one.
#[derive(Debug)]
pub(crate) struct Block {
    /// The next free block of the same list.
    pub(crate) next: *mut Block,
}

/// Blocks of one size.
#[derive(Clone, Copy, Debug)]
struct List {
    first: *mut Block,
    /// How many more it takes.
    room: u32,
    /// How many come from home the next time.
    batch: u32,
}

/// The lists.
#[derive(Debug)]
pub(crate) struct Cache {
    lists: [List; Class::COUNT],
}

impl Cache {
    /// Empty lists.
    pub(crate) const fn new() -> Cache {
        let empty = List {
            first: ptr::null_mut(),
            room: 0,
            batch: FIRST_BATCH,
        };
        let mut lists = [empty; Class::COUNT];
        let mut number = 0;
        while number < Class::COUNT {
            lists[number].room = Class(number).limit() as u32;
            number += 1;
        }
        Cache { lists }
    }

    /// Whether there is no block of a class.
    pub(crate) fn is_empty(&self, class: Class) -> bool {
        self.lists[class.0].first.is_null()
    }

    /// How many blocks of a class are to come from home now.
    pub(crate) fn next_batch(&mut self, class: Class) -> usize {
        let list = &mut self.lists[class.0];
        let batch = list.batch as usize;
        list.batch = (2 * batch).min(class.batch()) as u32;
        batch
    }

    /// Gives a block; null if there is none.
    #[inline(always)]
    pub(crate) fn take(&mut self, class: Class) -> *mut Block {
        let list = &mut self.lists[class.0];
        let block = list.first;
        if !block.is_null() {
            // SAFETY: blocks in a list are free, and each leads to the next.
            list.first = unsafe { (*block).next };
            // There are never more blocks than a word counts.
            list.room = list.room.wrapping_add(1);
        }
        block
    }

    /// Keeps a block; false if its list is full.
    ///
    /// # Safety
    ///
    /// The block is of this class and nobody uses it any more.
    #[inline(always)]
    pub(crate) unsafe fn keep(&mut self, class: Class, block: *mut Block) -> bool {
        let list = &mut self.lists[class.0];
        if list.room == 0 {
            return false;
        }
        list.room -= 1;
        // SAFETY: the block is free, aligned, and holds a word.
        unsafe { block.write(Block { next: list.first }) };
        list.first = block;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_it_serves_and_wastes_less_than_a_step() {
        for size in 1..=SIZE_MAX {
            let serves = Class::of(size, 8).expect("small").size();
            assert!(serves >= size && serves - size < STEP);
        }
        assert_eq!(Class::of(SIZE_MAX + 1, 1), None);
        assert_eq!(Class::of(8, 2 * STEP), None);
        assert_eq!(Class::of(0, 1), None);
    }

    #[test]
    fn alignments_that_make_no_sense_have_no_class() {
        for align in (0..40).chain([usize::MAX, 1 << 32, (1 << 32) + 8]) {
            let is_good = align <= STEP && align.is_power_of_two();
            assert_eq!(Class::of(8, align).is_some(), is_good, "{align}");
        }
    }

    #[test]
    fn the_last_block_kept_is_the_first_given() {
        let mut cache = Cache::new();
        let mut blocks = [[0_u128; 1]; 3];
        let class = Class::of(16, 16).expect("small");
        assert!(cache.take(class).is_null());
        // What the cache has, nobody borrows before it is taken again.
        let blocks = blocks.each_mut().map(|block| block.as_mut_ptr().cast());
        for block in blocks {
            // SAFETY: the blocks are of the size and unused.
            assert!(unsafe { cache.keep(class, block) });
        }
        for block in blocks.into_iter().rev() {
            assert_eq!(cache.take(class), block);
        }
        assert!(cache.take(class).is_null());
    }

    #[test]
    fn batches_grow_up_to_half_a_list() {
        let mut cache = Cache::new();
        for class in Class::all() {
            let batches = [(); 6].map(|()| cache.next_batch(class));
            assert_eq!(batches[..2], [2, 4]);
            assert!(batches.is_sorted());
            assert_eq!(batches[5], class.batch());
        }
    }

    #[test]
    fn a_full_list_takes_no_more() {
        let mut cache = Cache::new();
        let class = Class::of(SIZE_MAX, 16).expect("small");
        let mut blocks = [[0_u128; SIZE_MAX / 16]; LIST_MIN + 2];
        let mut kept = 0;
        for block in &mut blocks {
            // SAFETY: the blocks are of the size and unused.
            kept += usize::from(unsafe { cache.keep(class, block.as_mut_ptr().cast()) });
        }
        assert_eq!(kept, LIST_MIN);
        assert!(Class::all().all(|class| class.batch() > 0 && class.batch() < class.limit()));
    }
}
