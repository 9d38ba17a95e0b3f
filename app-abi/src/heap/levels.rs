//! The heap's three levels, and what passes between them.
//!
//! Small blocks come by way of a thread's cache from slabs; slabs and what is
//! larger are divided off extents; the largest are extents themselves.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::lock_api::{Mutex, RawMutex};

use crate::cache::{Block, Cache, Class};
use crate::extents::{Extents, PAGE, Supply};
use crate::slab::{SLAB, SLAB_SIZE, Slabs};

/// From this size on an allocation has an extent of its own.
const LARGE: usize = 256 << 10;

/// A heap for all threads.
#[derive(Debug)]
pub(super) struct Heap<S: Supply, R: RawMutex> {
    small: [Mutex<R, Slabs>; Class::COUNT],
    medium: Mutex<R, Talc<Extents<S>, DefaultBinning>>,
}

impl<S: Supply, R: RawMutex> Heap<S, R> {
    /// An empty one.
    pub(super) const fn new() -> Heap<S, R> {
        Heap {
            small: slabs(),
            medium: Mutex::new(Talc::new(Extents::new())),
        }
    }

    /// Allocates; null if memory is exhausted, or the layout makes no sense.
    #[inline(always)]
    pub(super) fn allocate(&self, cache: &mut Cache, size: usize, align: usize) -> *mut u8 {
        let Some(class) = Class::of(size, align) else {
            return self.allocate_more(cache, size, align);
        };
        let block = cache.take(class);
        if block.is_null() {
            self.refill(cache, class).cast()
        } else {
            block.cast()
        }
    }

    /// Frees what was allocated.
    ///
    /// # Safety
    ///
    /// It came from `allocate` with this layout, and nobody uses it any more.
    #[inline(always)]
    pub(super) unsafe fn free(
        &self,
        cache: &mut Cache,
        pointer: *mut u8,
        size: usize,
        align: usize,
    ) {
        let Some(class) = Class::of(size, align) else {
            // SAFETY: forwarded to the caller.
            return unsafe { self.free_more(pointer, size, align) };
        };
        // SAFETY: forwarded to the caller.
        if !unsafe { cache.keep(class, pointer.cast()) } {
            // SAFETY: forwarded to the caller.
            unsafe { self.spill(cache, class, pointer.cast()) };
        }
    }

    /// Changes the size of what was allocated, in place if that is possible.
    ///
    /// # Safety
    ///
    /// It came from `allocate` with the old layout.
    pub(super) unsafe fn reallocate(
        &self,
        cache: &mut Cache,
        pointer: *mut u8,
        size: usize,
        align: usize,
        new: usize,
    ) -> *mut u8 {
        // SAFETY: forwarded to the caller.
        if unsafe { self.is_resized(pointer, size, align, new) } {
            return pointer;
        }
        let moved = self.allocate(cache, new, align);
        if !moved.is_null() {
            // SAFETY: both hold so many bytes, and the new one is unused.
            unsafe { moved.copy_from_nonoverlapping(pointer, size.min(new)) };
            // SAFETY: forwarded to the caller.
            unsafe { self.free(cache, pointer, size, align) };
        }
        moved
    }

    /// Gives every block of `cache` back.
    pub(super) fn empty(&self, cache: &mut Cache) {
        for class in Class::all() {
            if !cache.is_empty(class) {
                self.send_home(cache, class, usize::MAX);
            }
        }
    }

    /// Fills the empty list of a class; one block of it, or null.
    #[cold]
    #[inline(never)]
    fn refill(&self, cache: &mut Cache, class: Class) -> *mut Block {
        let first = self.fetch(cache, class);
        if first.is_null() {
            // Blocks of other classes may be all that a slab waits for.
            self.empty(cache);
            return self.fetch(cache, class);
        }
        first
    }

    /// Moves a batch of blocks into `cache`, but for one, which it gives.
    fn fetch(&self, cache: &mut Cache, class: Class) -> *mut Block {
        let mut slabs = self.small[class.number()].lock();
        let mut first = slabs.take(class);
        if first.is_null() {
            let memory = self.divide(SLAB_SIZE, SLAB);
            if memory.is_null() {
                return ptr::null_mut();
            }
            // SAFETY: the memory is new, of that size and alignment.
            unsafe { slabs.add(memory) };
            first = slabs.take(class);
        }
        for _ in 1..cache.next_batch(class) {
            let block = slabs.take(class);
            // SAFETY: the block is of this class, and nobody's.
            if block.is_null() || !unsafe { cache.keep(class, block) } {
                break;
            }
        }
        first
    }

    /// Keeps a block in a list that is full, after a batch of it went home.
    ///
    /// # Safety
    ///
    /// The block is of this class and nobody uses it any more.
    #[cold]
    #[inline(never)]
    unsafe fn spill(&self, cache: &mut Cache, class: Class, block: *mut Block) {
        self.send_home(cache, class, class.batch());
        // SAFETY: forwarded to the caller; there is room now.
        unsafe { cache.keep(class, block) };
    }

    /// Sends at most `count` blocks of a list home.
    fn send_home(&self, cache: &mut Cache, class: Class, count: usize) {
        let mut block = cache.take(class);
        if block.is_null() {
            return;
        }
        let mut slabs = self.small[class.number()].lock();
        for left in (0..count).rev() {
            // SAFETY: blocks of the cache are of their class, and free.
            if let Some(slab) = unsafe { slabs.put(class, block) } {
                // SAFETY: the slab is all free.
                unsafe { self.join(slab, SLAB_SIZE, SLAB) };
            }
            block = if left == 0 {
                ptr::null_mut()
            } else {
                cache.take(class)
            };
            if block.is_null() {
                break;
            }
        }
    }

    /// Allocates what no class serves.
    #[cold]
    #[inline(never)]
    fn allocate_more(&self, cache: &mut Cache, size: usize, align: usize) -> *mut u8 {
        let size = size.max(1);
        if Layout::from_size_align(size, align).is_err() {
            return ptr::null_mut();
        }
        let pointer = self.map_or_divide(size, align);
        if pointer.is_null() {
            // Blocks that wait may be all that an extent is kept for.
            self.empty(cache);
            return self.map_or_divide(size, align);
        }
        pointer
    }

    /// Frees what no class serves.
    ///
    /// # Safety
    ///
    /// `allocate_more` gave it for this layout, and nobody uses it any more.
    #[cold]
    #[inline(never)]
    unsafe fn free_more(&self, pointer: *mut u8, size: usize, align: usize) {
        if is_large(size, align) {
            // SAFETY: forwarded to the caller.
            unsafe { S::unmap(pointer, pages(size)) };
        } else {
            // SAFETY: forwarded to the caller.
            unsafe { self.join(pointer, size.max(1), align) };
        }
    }

    fn map_or_divide(&self, size: usize, align: usize) -> *mut u8 {
        if !is_large(size, align) {
            return self.divide(size, align);
        }
        let map = || S::map(pages(size));
        map()
            .or_else(|| {
                self.medium.lock().source.give_spares_back();
                map()
            })
            .map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    /// Whether the allocation has the new size where it is.
    ///
    /// # Safety
    ///
    /// It came from `allocate` with the old layout.
    unsafe fn is_resized(
        &self,
        pointer: *mut u8,
        size: usize,
        align: usize,
        new: usize,
    ) -> bool {
        if Layout::from_size_align(new, align).is_err() {
            return false;
        }
        match (Class::of(size, align), Class::of(new, align)) {
            (Some(old), Some(new)) => return old == new,
            (None, None) => {}
            _ => return false,
        }
        match (is_large(size, align), is_large(new, align)) {
            // SAFETY: forwarded to the caller.
            (true, true) => unsafe { is_remapped::<S>(pointer, pages(size), pages(new)) },
            (false, false) if size > 0 && new > 0 => {
                // SAFETY: forwarded to the caller; the layout was allocated.
                let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
                let mut talc = self.medium.lock();
                // SAFETY: `divide` gave it for this layout.
                unsafe { talc.try_realloc_in_place(pointer, layout, new) }
            }
            _ => false,
        }
    }

    /// Takes memory off a larger piece; null if memory is exhausted.
    fn divide(&self, size: usize, align: usize) -> *mut u8 {
        let Ok(layout) = Layout::from_size_align(size, align) else {
            return ptr::null_mut();
        };
        // SAFETY: no caller asks for nothing.
        let found = unsafe { self.medium.lock().allocate(layout) };
        found.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    /// Joins memory with its free neighbours.
    ///
    /// # Safety
    ///
    /// `divide` gave it for this layout, and nobody uses it any more.
    unsafe fn join(&self, pointer: *mut u8, size: usize, align: usize) {
        // SAFETY: the layout was allocated, so it is valid.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: forwarded to the caller.
        unsafe { self.medium.lock().deallocate(pointer, layout) };
    }
}

/// The slabs of every class.
const fn slabs<R: RawMutex>() -> [Mutex<R, Slabs>; Class::COUNT] {
    [const { Mutex::new(Slabs::new()) }; Class::COUNT]
}

/// Whether such an allocation has an extent of its own, which is page aligned.
pub(super) fn is_large(size: usize, align: usize) -> bool {
    size >= LARGE && align <= PAGE
}

/// The bytes of the pages for `size` bytes, which no layout makes overflow.
fn pages(size: usize) -> usize {
    size.next_multiple_of(PAGE)
}

/// Whether the extent at `start` has `new` bytes instead of `old` now.
///
/// # Safety
///
/// Nobody uses the bytes from `new` on.
unsafe fn is_remapped<S: Supply>(start: *mut u8, old: usize, new: usize) -> bool {
    if new > old {
        return S::grow(start, old, new - old);
    }
    if new < old {
        // SAFETY: forwarded to the caller.
        unsafe { S::unmap(start.wrapping_add(new), old - new) };
    }
    true
}

#[cfg(test)]
mod tests;
