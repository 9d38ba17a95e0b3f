//! Allocation by the ABI's names.
//!
//! The caller passes size and alignment with every request, so the heap stores
//! neither. Exhaustion, and a layout that makes no sense, give a null pointer;
//! a null pointer is no allocation.

use crate::export::export;
use crate::heap;

export! {
    /// Allocates `size` bytes.
    #[abi(both, [], "A layout that makes no sense gives null.")]
    fn sys_malloc(size: usize, align: usize) -> *mut u8 {
        heap::allocate(size, align)
    }

    /// Allocates `size` bytes.
    #[abi(both, [], "A layout that makes no sense gives null.")]
    fn sys_alloc(size: usize, align: usize) -> *mut u8 {
        heap::allocate(size, align)
    }

    /// Allocates `size` bytes of zeros.
    #[abi(both, [], "A layout that makes no sense gives null.")]
    fn sys_alloc_zeroed(size: usize, align: usize) -> *mut u8 {
        heap::allocate_zeroed(size, align)
    }

    /// Changes the size of an allocation, moving it if need be.
    #[abi(both, [], "A layout that makes no sense gives null, and changes nothing.")]
    fn sys_realloc(pointer: *mut u8, size: usize, align: usize, new_size: usize) -> *mut u8 {
        if pointer.is_null() {
            return heap::allocate(new_size, align);
        }
        // SAFETY: the caller owns the allocation.
        unsafe { heap::reallocate(pointer, size, align, new_size) }
    }

    /// Frees an allocation.
    #[abi(here, [])]
    fn sys_free(pointer: *mut u8, size: usize, align: usize) {
        if !pointer.is_null() {
            // SAFETY: forwarded to the caller.
            unsafe { heap::free(pointer, size, align) };
        }
    }

    /// Frees an allocation.
    #[abi(here, [])]
    fn sys_dealloc(pointer: *mut u8, size: usize, align: usize) {
        if !pointer.is_null() {
            // SAFETY: forwarded to the caller.
            unsafe { heap::free(pointer, size, align) };
        }
    }
}
