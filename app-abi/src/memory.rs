//! Allocation by the ABI's names.
//!
//! The caller passes size and alignment with every request, so the heap stores
//! neither. Exhaustion, and a layout that makes no sense, give a null pointer.

use core::alloc::Layout;
use core::ptr;

use crate::export::export;
use crate::heap;

/// Allocates, if the layout makes sense and memory suffices.
fn allocate(size: usize, align: usize) -> *mut u8 {
    match Layout::from_size_align(size, align) {
        Ok(layout) => heap::allocate(layout),
        Err(_) => ptr::null_mut(),
    }
}

/// Frees; a null pointer is no allocation.
///
/// # Safety
///
/// The rest came from [`allocate`] with this size and alignment.
unsafe fn free(pointer: *mut u8, size: usize, align: usize) {
    if pointer.is_null() {
        return;
    }
    if let Ok(layout) = Layout::from_size_align(size, align) {
        // SAFETY: forwarded to the caller.
        unsafe { heap::free(pointer, layout) };
    }
}

export! {
    /// Allocates `size` bytes.
    fn sys_malloc(size: usize, align: usize) -> *mut u8 {
        allocate(size, align)
    }

    /// Allocates `size` bytes.
    fn sys_alloc(size: usize, align: usize) -> *mut u8 {
        allocate(size, align)
    }

    /// Allocates `size` bytes of zeros.
    fn sys_alloc_zeroed(size: usize, align: usize) -> *mut u8 {
        let pointer = allocate(size, align);
        if !pointer.is_null() {
            // SAFETY: the allocation has that size.
            unsafe { pointer.write_bytes(0, size) };
        }
        pointer
    }

    /// Changes the size of an allocation, moving it if need be.
    fn sys_realloc(pointer: *mut u8, size: usize, align: usize, new_size: usize) -> *mut u8 {
        if pointer.is_null() {
            return allocate(new_size, align);
        }
        let (old, new) = (
            Layout::from_size_align(size, align),
            Layout::from_size_align(new_size, align),
        );
        match (old, new) {
            // SAFETY: the caller owns the allocation; the new layout is valid.
            (Ok(old), Ok(_)) => unsafe { heap::reallocate(pointer, old, new_size) },
            _ => ptr::null_mut(),
        }
    }

    /// Frees an allocation.
    fn sys_free(pointer: *mut u8, size: usize, align: usize) {
        // SAFETY: forwarded to the caller.
        unsafe { free(pointer, size, align) };
    }

    /// Frees an allocation.
    fn sys_dealloc(pointer: *mut u8, size: usize, align: usize) {
        // SAFETY: forwarded to the caller.
        unsafe { free(pointer, size, align) };
    }
}
