//! Small blocks that were freed, ready to be given again.
//!
//! Most allocations are small and short-lived, and an allocator that joins and
//! divides for each of them works for nothing. So freed blocks wait here in
//! lists by size, up to a limit per list, and the last one freed, which is the
//! one still in the CPU's cache, is the next to be given.

use core::alloc::Layout;
use core::ptr;

/// The alignment of every block, and the step between sizes.
const STEP: usize = 16;
/// The largest block that is kept.
const SIZE_MAX: usize = 512;
/// How many bytes a list keeps.
const LIST_BYTES: usize = 16 << 10;

/// The number of a size, smallest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Class(usize);

impl Class {
    /// How many sizes there are.
    const COUNT: usize = SIZE_MAX / STEP;

    /// The class that serves `layout`, which is not empty; none if it is too
    /// large or too strictly aligned.
    #[inline]
    pub(crate) fn of(layout: Layout) -> Option<Class> {
        if layout.size() <= SIZE_MAX && layout.align() <= STEP {
            Some(Class((layout.size() - 1) / STEP))
        } else {
            None
        }
    }

    /// What a block of this class is allocated as.
    pub(crate) const fn layout(self) -> Layout {
        // SAFETY: the alignment is a power of two, the size no more than the
        // largest class's.
        unsafe { Layout::from_size_align_unchecked((self.0 + 1) * STEP, STEP) }
    }
}

/// A free block: its first word leads to the next one.
struct Block {
    next: *mut Block,
}

/// Blocks of one size.
#[derive(Clone, Copy, Debug)]
struct List {
    first: *mut Block,
    /// How many more it takes.
    room: usize,
}

/// The lists.
#[derive(Debug)]
pub(crate) struct Cache {
    lists: [List; Class::COUNT],
}

// SAFETY: the blocks belong to whoever holds the cache.
unsafe impl Send for Cache {}

impl Cache {
    /// Empty lists.
    pub(crate) const fn new() -> Cache {
        let empty = List {
            first: ptr::null_mut(),
            room: 0,
        };
        let mut lists = [empty; Class::COUNT];
        let mut number = 0;
        while number < Class::COUNT {
            lists[number].room = LIST_BYTES / Class(number).layout().size();
            number += 1;
        }
        Cache { lists }
    }

    /// Gives a block; null if there is none.
    #[inline]
    pub(crate) fn take(&mut self, class: Class) -> *mut u8 {
        let list = &mut self.lists[class.0];
        let block = list.first;
        if !block.is_null() {
            // SAFETY: blocks in a list are free, and each leads to the next.
            list.first = unsafe { (*block).next };
            list.room += 1;
        }
        block.cast()
    }

    /// Keeps a block; false if its list is full.
    ///
    /// # Safety
    ///
    /// The block is of this class and nobody uses it any more.
    #[inline]
    pub(crate) unsafe fn keep(&mut self, class: Class, block: *mut u8) -> bool {
        let list = &mut self.lists[class.0];
        if list.room == 0 {
            return false;
        }
        list.room -= 1;
        let block: *mut Block = block.cast();
        // SAFETY: the block is free, aligned, and holds a word.
        unsafe { block.write(Block { next: list.first }) };
        list.first = block;
        true
    }

    /// Takes every block out, with its class.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(*mut u8, Class)) {
        for class in (0..Class::COUNT).map(Class) {
            loop {
                let block = self.take(class);
                if block.is_null() {
                    break;
                }
                each(block, class);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(size: usize, align: usize) -> Option<Class> {
        Class::of(Layout::from_size_align(size, align).expect("a valid layout"))
    }

    #[test]
    fn a_class_holds_what_it_serves_and_wastes_less_than_a_step() {
        for size in 1..=SIZE_MAX {
            let serves = class(size, 8).expect("small").layout().size();
            assert!(serves >= size && serves - size < STEP);
        }
        assert_eq!(class(SIZE_MAX + 1, 1), None);
        assert_eq!(class(8, 2 * STEP), None);
    }

    #[test]
    fn the_last_block_kept_is_the_first_given() {
        let mut cache = Cache::new();
        let mut blocks = [[0_u64; 2]; 3];
        let class = class(16, 16).expect("small");
        assert!(cache.take(class).is_null());
        for block in &mut blocks {
            // SAFETY: the blocks are of the size and unused.
            assert!(unsafe { cache.keep(class, block.as_mut_ptr().cast()) });
        }
        for block in blocks.iter_mut().rev() {
            assert_eq!(cache.take(class), block.as_mut_ptr().cast());
        }
        assert!(cache.take(class).is_null());
    }

    #[test]
    fn a_full_list_takes_no_more_and_can_be_emptied() {
        let mut cache = Cache::new();
        let class = class(SIZE_MAX, 16).expect("small");
        let mut blocks = [[0_u128; SIZE_MAX / 16]; LIST_BYTES / SIZE_MAX + 1];
        let mut kept = 0;
        for block in &mut blocks {
            // SAFETY: the blocks are of the size and unused.
            kept += usize::from(unsafe { cache.keep(class, block.as_mut_ptr().cast()) });
        }
        assert_eq!(kept, LIST_BYTES / SIZE_MAX);
        let mut drained = 0;
        cache.drain(|_, of| {
            assert_eq!(of, class);
            drained += 1;
        });
        assert_eq!(drained, kept);
    }
}
