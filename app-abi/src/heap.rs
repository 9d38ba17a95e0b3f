//! The application's heap, in the application's own domain.
//!
//! | size | comes from |
//! |---|---|
//! | to 512 bytes | the thread's cache, filled in batches from slabs |
//! | below 256 KiB | `talc`, which divides the extents that the safe kernel maps |
//! | above | an extent of its own |
//!
//! Most allocations touch nothing but the thread's own block. Each class of
//! slabs has a lock, `talc` has another, taken in this order and never held
//! while bytes are copied. Whatever is all free goes back to the safe kernel.

mod levels;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use gate::safe;

use self::levels::{Heap, is_large};
use crate::extents::Supply;
use crate::lock::FutexLock;
use crate::tls;

/// The heap of the application.
static HEAP: Heap<Kernel, FutexLock> = Heap::new();

/// The heap as Rust code of this library uses it.
#[cfg_attr(target_os = "hermit", global_allocator)]
static ALLOCATOR: Allocator = Allocator;

/// Allocates; null if memory is exhausted, or the layout makes no sense.
#[inline(always)]
pub(crate) fn allocate(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the cache is the calling thread's, which is here.
    HEAP.allocate(unsafe { &mut *tls::cache() }, size, align)
}

/// Allocates zeros.
pub(crate) fn allocate_zeroed(size: usize, align: usize) -> *mut u8 {
    let pointer = allocate(size, align);
    if !pointer.is_null() && !is_large(size, align) {
        // SAFETY: the allocation has that size.
        unsafe { pointer.write_bytes(0, size) };
    }
    pointer
}

/// Frees what [`allocate`] gave for the same layout.
///
/// # Safety
///
/// Nobody uses the memory any more.
#[inline(always)]
pub(crate) unsafe fn free(pointer: *mut u8, size: usize, align: usize) {
    // SAFETY: the cache is the calling thread's, which is here.
    let cache = unsafe { &mut *tls::cache() };
    // SAFETY: forwarded to the caller.
    unsafe { HEAP.free(cache, pointer, size, align) };
}

/// Changes the size of what [`allocate`] gave; null, and nothing changed, if
/// memory is exhausted or the layout makes no sense.
///
/// # Safety
///
/// Nobody uses the memory by the old pointer any more, unless it failed.
pub(crate) unsafe fn reallocate(
    pointer: *mut u8,
    size: usize,
    align: usize,
    new: usize,
) -> *mut u8 {
    // SAFETY: the cache is the calling thread's, which is here.
    let cache = unsafe { &mut *tls::cache() };
    // SAFETY: forwarded to the caller.
    unsafe { HEAP.reallocate(cache, pointer, size, align, new) }
}

/// Gives the cache of the calling thread back, which allocates no more.
pub(crate) fn leave() {
    // SAFETY: the cache is the calling thread's, which is here.
    HEAP.empty(unsafe { &mut *tls::cache() });
}

/// The safe kernel as the supply.
#[derive(Debug)]
struct Kernel;

impl Supply for Kernel {
    fn map(size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the call takes no address; what it maps is new.
        let address = usize::try_from(unsafe { safe::extend_heap(size) }).ok()?;
        NonNull::new(ptr::with_exposed_provenance_mut(address))
    }

    unsafe fn unmap(start: *mut u8, size: usize) {
        // SAFETY: forwarded to the caller. That it fails is harmless: the
        // memory stays mapped, and is used no more.
        unsafe { safe::release_heap(start.expose_provenance(), size) };
    }

    fn grow(start: *mut u8, size: usize, more: usize) -> bool {
        // SAFETY: what the call maps is new.
        unsafe { safe::grow_heap(start.expose_provenance(), size, more) == 0 }
    }
}

/// What Rust code calls.
#[derive(Debug)]
struct Allocator;

// SAFETY: memory is given once until it is freed.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocate(layout.size(), layout.align())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: forwarded to the caller.
        unsafe { free(pointer, layout.size(), layout.align()) };
    }
}
