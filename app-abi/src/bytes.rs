//! The memory functions that the compiler expects of a system.

use core::ffi::{c_char, c_void};

use gate::bytes;

use crate::export::export;

export! {
    /// Copies bytes between places that do not overlap.
    fn memcpy(target: *mut c_void, source: *const c_void, size: usize) -> *mut c_void {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::copy(target.cast(), source.cast(), size) }.cast()
    }

    /// Copies bytes between places that may overlap.
    fn memmove(target: *mut c_void, source: *const c_void, size: usize) -> *mut c_void {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::copy(target.cast(), source.cast(), size) }.cast()
    }

    /// Fills bytes with one value.
    fn memset(target: *mut c_void, value: i32, size: usize) -> *mut c_void {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::fill(target.cast(), value, size) }.cast()
    }

    /// Compares bytes.
    fn memcmp(left: *const c_void, right: *const c_void, size: usize) -> i32 {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::compare(left.cast(), right.cast(), size) }
    }

    /// Compares bytes; zero if they are equal.
    fn bcmp(left: *const c_void, right: *const c_void, size: usize) -> i32 {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::compare(left.cast(), right.cast(), size) }
    }

    /// Counts the bytes of a string.
    fn strlen(string: *const c_char) -> usize {
        // SAFETY: forwarded to the caller.
        unsafe { bytes::length(string.cast()) }
    }
}
