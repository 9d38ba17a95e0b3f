//! The application's heap, in the application's own domain.
//!
//! Allocating crosses no gate: `talc` divides extents that the safe kernel
//! maps. Extents grow with the heap, so that crossings stay rare and little is
//! asked for that is never used; where a large one is refused, the least that
//! serves is tried.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use gate::safe;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;
use talc::{DefaultBinning, TalcLock};

use crate::lock::FutexLock;

/// The smallest extent.
const EXTENT_MIN: usize = 64 << 10;
/// The largest extent that no single allocation asked for.
const EXTENT_MAX: usize = 4 << 20;
/// What an extent is a multiple of.
const PAGE: usize = domains::layout::PAGE_SIZE as usize;

/// The heap of the application.
#[cfg_attr(target_os = "hermit", global_allocator)]
static HEAP: TalcLock<FutexLock, Extents> = TalcLock::new(Extents::new(extend));

/// Allocates; null if memory is exhausted.
pub(crate) fn allocate(layout: Layout) -> *mut u8 {
    // SAFETY: the size is not zero.
    unsafe { HEAP.alloc(not_empty(layout)) }
}

/// Frees what [`allocate`] gave for the same layout.
///
/// # Safety
///
/// Nobody uses the memory any more.
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
fn not_empty(layout: Layout) -> Layout {
    if layout.size() == 0 {
        // SAFETY: one byte does not overflow with any valid alignment.
        unsafe { Layout::from_size_align_unchecked(1, layout.align()) }
    } else {
        layout
    }
}

/// Asks the safe kernel for `size` bytes.
fn extend(size: usize) -> Option<NonNull<u8>> {
    // SAFETY: the call takes no address; what it maps is new.
    let address = usize::try_from(unsafe { safe::extend_heap(size) }).ok()?;
    NonNull::new(ptr::with_exposed_provenance_mut(address))
}

/// Where the heap gets memory from.
#[derive(Debug)]
struct Extents {
    extend: fn(usize) -> Option<NonNull<u8>>,
    /// How much there is.
    total: usize,
    /// The end of the last extent.
    end: Option<NonNull<u8>>,
}

// SAFETY: the end is that of memory which whoever holds the heap owns.
unsafe impl Send for Extents {}

impl Extents {
    const fn new(extend: fn(usize) -> Option<NonNull<u8>>) -> Extents {
        Extents {
            extend,
            total: 0,
            end: None,
        }
    }

    /// An extent for an allocation of `layout`, with its size.
    fn next(&self, layout: Layout) -> Option<(NonNull<u8>, usize)> {
        let overhead = talc::min_first_heap_size::<DefaultBinning>() + layout.align();
        let least = layout.size().checked_add(overhead)?;
        let least = least.checked_next_multiple_of(PAGE)?;
        let usual = (self.total / 8).clamp(EXTENT_MIN, EXTENT_MAX);
        let size = least.max(usual.next_multiple_of(PAGE));
        let try_size = |size| (self.extend)(size).map(|start| (start, size));
        try_size(size).or_else(|| if least < size { try_size(least) } else { None })
    }
}

// SAFETY: `acquire` claims only memory that nobody else has, and asks the safe
// kernel, not the heap, for it.
unsafe impl Source for Extents {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let (start, size) = talc.source.next(layout).ok_or(())?;
        let end = match talc.source.end {
            // SAFETY: the last extent ends where the new one starts.
            Some(end) if end == start => unsafe {
                talc.extend(end, start.as_ptr().wrapping_add(size))
            },
            // SAFETY: the extent is new.
            _ => unsafe { talc.claim(start.as_ptr(), size) }.ok_or(())?,
        };
        talc.source.total += size;
        talc.source.end = Some(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::vec::Vec;

    use super::*;

    type Heap = TalcLock<FutexLock, Extents>;

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
        let heap = Heap::new(Extents::new(from_host));
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
        let heap = Heap::new(Extents::new(little));
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
        let heap = Heap::new(Extents::new(in_a_row));
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
}
