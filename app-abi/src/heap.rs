//! The application's heap, in the application's own domain.
//!
//! Allocating crosses no gate. Small blocks come from lists of freed ones, all
//! else from `talc`, which divides the extents that the safe kernel maps. One
//! lock guards both; it is never held while bytes are copied.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use gate::safe;
use talc::DefaultBinning;
use talc::base::Talc;
use talc::lock_api::Mutex;

use crate::cache::{Cache, Class};
use crate::extents::{Extend, Extents};
use crate::lock::FutexLock;

/// The heap of the application.
#[cfg_attr(target_os = "hermit", global_allocator)]
static HEAP: Heap = Heap::new(extend);

/// Allocates; null if memory is exhausted.
#[inline]
pub(crate) fn allocate(layout: Layout) -> *mut u8 {
    // SAFETY: the size is not zero.
    unsafe { HEAP.alloc(not_empty(layout)) }
}

/// Frees what [`allocate`] gave for the same layout.
///
/// # Safety
///
/// Nobody uses the memory any more.
#[inline]
pub(crate) unsafe fn free(pointer: *mut u8, layout: Layout) {
    // SAFETY: forwarded to the caller.
    unsafe { HEAP.dealloc(pointer, not_empty(layout)) };
}

/// Changes the size of what [`allocate`] gave; null, and nothing changed, if
/// memory is exhausted.
///
/// # Safety
///
/// Nobody uses the memory by the old pointer any more, unless it failed; the
/// new size does not overflow with the layout's alignment.
pub(crate) unsafe fn reallocate(pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: forwarded to the caller.
    unsafe { HEAP.realloc(pointer, not_empty(layout), size.max(1)) }
}

/// The layout, of at least one byte.
#[inline]
fn not_empty(layout: Layout) -> Layout {
    // SAFETY: one byte does not overflow with any valid alignment.
    unsafe { Layout::from_size_align_unchecked(layout.size().max(1), layout.align()) }
}

/// Asks the safe kernel for `size` bytes.
fn extend(size: usize) -> Option<NonNull<u8>> {
    // SAFETY: the call takes no address; what it maps is new.
    let address = usize::try_from(unsafe { safe::extend_heap(size) }).ok()?;
    NonNull::new(ptr::with_exposed_provenance_mut(address))
}

/// A heap for all threads.
#[derive(Debug)]
struct Heap(Mutex<FutexLock, Memory>);

/// What the lock guards.
#[derive(Debug)]
struct Memory {
    cache: Cache,
    talc: Talc<Extents, DefaultBinning>,
}

impl Heap {
    const fn new(extend: Extend) -> Heap {
        Heap(Mutex::new(Memory {
            cache: Cache::new(),
            talc: Talc::new(Extents::new(extend)),
        }))
    }
}

// SAFETY: memory is given once until it is freed, as `talc` and the cache do.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: forwarded to the caller.
        unsafe { self.0.lock().allocate(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: forwarded to the caller.
        unsafe { self.0.lock().free(pointer, layout) };
    }

    unsafe fn realloc(&self, pointer: *mut u8, old: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller answers for the new size.
        let new = unsafe { Layout::from_size_align_unchecked(size, old.align()) };
        // SAFETY: forwarded to the caller.
        let moved = match unsafe { self.0.lock().resize(pointer, old, new) } {
            Resized::InPlace => return pointer,
            Resized::Elsewhere(moved) => moved,
        };
        if !moved.is_null() {
            // SAFETY: both hold so many bytes, and the new one is unused.
            unsafe { moved.copy_from_nonoverlapping(pointer, old.size().min(size)) };
            // SAFETY: forwarded to the caller.
            unsafe { self.dealloc(pointer, old) };
        }
        moved
    }
}

/// How a request for another size was met.
enum Resized {
    /// The memory has the new size.
    InPlace,
    /// There is new memory, or null; the bytes are still in the old.
    Elsewhere(*mut u8),
}

impl Memory {
    /// Allocates; null if memory is exhausted.
    ///
    /// # Safety
    ///
    /// The size is not zero.
    #[inline]
    unsafe fn allocate(&mut self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout) else {
            // SAFETY: forwarded to the caller.
            return unsafe { self.divide(layout) };
        };
        let block = self.cache.take(class);
        if block.is_null() {
            // SAFETY: no class is empty.
            unsafe { self.divide(class.layout()) }
        } else {
            block
        }
    }

    /// Frees what was allocated.
    ///
    /// # Safety
    ///
    /// It came from `allocate` with this layout, and nobody uses it any more.
    #[inline]
    unsafe fn free(&mut self, pointer: *mut u8, layout: Layout) {
        let Some(class) = Class::of(layout) else {
            // SAFETY: forwarded to the caller.
            return unsafe { self.join(pointer, layout) };
        };
        // SAFETY: forwarded to the caller.
        if !unsafe { self.cache.keep(class, pointer) } {
            // SAFETY: forwarded to the caller.
            unsafe { self.join(pointer, class.layout()) };
        }
    }

    /// Changes the size of what was allocated, if that is possible in place,
    /// or allocates anew.
    ///
    /// # Safety
    ///
    /// It came from `allocate` with the old layout; no size is zero.
    unsafe fn resize(&mut self, pointer: *mut u8, old: Layout, new: Layout) -> Resized {
        let is_in_place = match (Class::of(old), Class::of(new)) {
            // SAFETY: forwarded to the caller.
            (None, None) => unsafe { self.talc.try_realloc_in_place(pointer, old, new.size()) },
            (old, new) => old == new,
        };
        if is_in_place {
            Resized::InPlace
        } else {
            // SAFETY: forwarded to the caller.
            Resized::Elsewhere(unsafe { self.allocate(new) })
        }
    }

    /// Takes memory off a larger piece. Before memory is said to be exhausted,
    /// the blocks that wait in the cache are joined.
    ///
    /// # Safety
    ///
    /// The size is not zero.
    #[inline(never)]
    unsafe fn divide(&mut self, layout: Layout) -> *mut u8 {
        let Memory { cache, talc } = self;
        // SAFETY: forwarded to the caller.
        let found = unsafe { talc.allocate(layout) }.or_else(|| {
            // SAFETY: nobody uses a block of the cache.
            cache.drain(|block, class| unsafe { talc.deallocate(block, class.layout()) });
            // SAFETY: forwarded to the caller.
            unsafe { talc.try_allocate(layout) }
        });
        found.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    /// Joins memory with its free neighbours.
    ///
    /// # Safety
    ///
    /// `divide` gave it for this layout, and nobody uses it any more.
    #[inline(never)]
    unsafe fn join(&mut self, pointer: *mut u8, layout: Layout) {
        // SAFETY: forwarded to the caller.
        unsafe { self.talc.deallocate(pointer, layout) };
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::vec::Vec;

    use super::*;
    use crate::extents::{EXTENT_MIN, PAGE};

    /// Memory of the host, page aligned, for ever.
    fn from_host(size: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, PAGE).ok()?;
        // SAFETY: the size is not zero.
        NonNull::new(unsafe { System.alloc(layout) })
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a valid layout")
    }

    #[test]
    fn allocations_keep_their_bytes_and_their_alignment() {
        let heap = Heap::new(from_host);
        let mut live = Vec::new();
        for round in 0..2000_usize {
            let layout = layout(1 + round * 37 % 5000, 1 << (round % 8));
            // SAFETY: the size is not zero.
            let pointer = unsafe { heap.alloc(layout) };
            assert!(!pointer.is_null() && pointer.addr().is_multiple_of(layout.align()));
            // SAFETY: the allocation is that long.
            unsafe { pointer.write_bytes(round as u8, layout.size()) };
            live.push((pointer, layout, round as u8));
            if round % 3 == 0 {
                let (pointer, layout, byte) = live.swap_remove(round % live.len());
                // SAFETY: the allocation is live and filled.
                let bytes = unsafe { core::slice::from_raw_parts(pointer, layout.size()) };
                assert!(bytes.iter().all(|there| *there == byte));
                // SAFETY: it came from this heap with this layout.
                unsafe { heap.dealloc(pointer, layout) };
            }
        }
    }

    #[test]
    fn exhaustion_is_a_null_pointer() {
        static LEFT: AtomicUsize = AtomicUsize::new(2 * EXTENT_MIN);
        fn little(size: usize) -> Option<NonNull<u8>> {
            let take = |left: usize| left.checked_sub(size);
            LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .ok()?;
            from_host(size)
        }
        let heap = Heap::new(little);
        let big = layout(EXTENT_MIN + PAGE, 8);
        // SAFETY: the size is not zero.
        let first = unsafe { heap.alloc(big) };
        assert!(!first.is_null());
        // SAFETY: as above.
        assert!(unsafe { heap.alloc(big) }.is_null());
        // SAFETY: it came from this heap with this layout.
        unsafe { heap.dealloc(first, big) };
        // SAFETY: the size is not zero.
        assert!(!unsafe { heap.alloc(big) }.is_null());
    }

    #[test]
    fn neighbouring_extents_become_one() {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        fn in_a_row(size: usize) -> Option<NonNull<u8>> {
            if NEXT.load(Ordering::Relaxed) == 0 {
                NEXT.store(
                    from_host(64 * EXTENT_MIN)?.as_ptr().expose_provenance(),
                    Ordering::Relaxed,
                );
            }
            let start = NEXT.fetch_add(size, Ordering::Relaxed);
            NonNull::new(ptr::with_exposed_provenance_mut(start))
        }
        let heap = Heap::new(in_a_row);
        let small = layout(EXTENT_MIN / 2, 8);
        // SAFETY: the sizes are not zero.
        let pointers = [(); 8].map(|()| unsafe { heap.alloc(small) });
        for pointer in pointers {
            // SAFETY: it came from this heap with this layout.
            unsafe { heap.dealloc(pointer, small) };
        }
        let before = NEXT.load(Ordering::Relaxed);
        // SAFETY: the size is not zero.
        assert!(!unsafe { heap.alloc(layout(3 * EXTENT_MIN, 8)) }.is_null());
        assert_eq!(
            NEXT.load(Ordering::Relaxed),
            before,
            "the parts had to be joined"
        );
    }

    #[test]
    fn a_resized_allocation_keeps_its_bytes() {
        let heap = Heap::new(from_host);
        let sizes = [
            1, 16, 17, 500, 512, 513, 5000, 100_000, 4000, 600, 512, 40, 3,
        ];
        let mut old = layout(sizes[0], 8);
        // SAFETY: the size is not zero.
        let mut pointer = unsafe { heap.alloc(old) };
        // SAFETY: the allocation is that long.
        unsafe { pointer.write(7) };
        for size in sizes {
            let kept = old.size().min(size);
            // SAFETY: it came from this heap with this layout.
            pointer = unsafe { heap.realloc(pointer, old, size) };
            old = layout(size, 8);
            // SAFETY: the allocation is that long, and so far filled.
            let bytes = unsafe { core::slice::from_raw_parts_mut(pointer, size) };
            assert!(bytes[..kept].iter().all(|byte| *byte == 7), "{size}");
            bytes.fill(7);
        }
    }

    #[test]
    fn cached_blocks_are_joined_before_memory_is_exhausted() {
        static LEFT: AtomicUsize = AtomicUsize::new(1);
        fn once(size: usize) -> Option<NonNull<u8>> {
            LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .ok()?;
            from_host(size)
        }
        let heap = Heap::new(once);
        let small = layout(64, 8);
        // SAFETY: the size is not zero.
        let alloc = || unsafe { heap.alloc(small) };
        let all: Vec<_> = std::iter::repeat_with(alloc)
            .take_while(|pointer| !pointer.is_null())
            .collect();
        assert!(all.len() > 500);
        for pointer in all.into_iter().take(200) {
            // SAFETY: it came from this heap with this layout.
            unsafe { heap.dealloc(pointer, small) };
        }
        // SAFETY: the size is not zero.
        assert!(!unsafe { heap.alloc(layout(100 * 64, 8)) }.is_null());
    }
}
