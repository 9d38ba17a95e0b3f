//! Where a thread's local storage goes: on top of the thread's own stack.
//!
//! ```text
//! stack top   ┌─────────────────┐
//!             │ Storage: block, │
//!             │ cache of memory │
//! pointer     ├─────────────────┤ ← FS base
//!             │ variables       │ variant II: below the thread pointer
//! bottom      ├─────────────────┤
//!             │ stack, growing  │
//!             │ down            │
//! ```
//!
//! So a thread takes one allocation in the kernel, and its storage goes when
//! its stack does.

use core::ptr;

use domains::manifest::Tls;
use gate::client::{self, Announced, ThreadBlock};
use gate::info;

use crate::cache::Cache;

/// The most that a stack pointer may be off a multiple of 16.
const STACK_ALIGN: usize = 16;

/// What a thread has at and above its thread pointer.
#[repr(C)]
#[derive(Debug)]
struct Storage {
    /// The words that the ABI and the gates' library know.
    words: ThreadBlock,
    /// Freed memory, for the thread's next allocations.
    cache: Cache,
}

/// The calling thread's cache of memory.
#[inline(always)]
pub(crate) fn cache() -> *mut Cache {
    let storage: *mut Storage = client::thread_block().cast();
    // SAFETY: every thread's block is the head of its storage.
    unsafe { &raw mut (*storage).cache }
}

/// A place for one thread's storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// What FS will hold.
    pub(crate) pointer: usize,
    /// The first byte of the variables.
    pub(crate) variables: usize,
    /// Where the stack goes on.
    pub(crate) bottom: usize,
}

impl Place {
    /// The place that `tls` needs below `top`.
    pub(crate) fn below(top: usize, tls: &Tls) -> Place {
        let align = (tls.align as usize).max(STACK_ALIGN);
        let pointer = round_down(top - size_of::<Storage>(), align);
        let variables = pointer - distance(tls);
        Place {
            pointer,
            variables,
            bottom: round_down(variables, STACK_ALIGN),
        }
    }

    /// Fills the storage and makes it the calling thread's.
    ///
    /// # Safety
    ///
    /// The place must be mapped, unused, and stay the thread's to its end.
    pub(crate) unsafe fn install(&self, tls: &Tls, thread: u32) {
        let template = info::tls_template(tls);
        let variables: *mut u8 = ptr::with_exposed_provenance_mut(self.variables);
        // SAFETY: the variables have `memory_size` bytes, not less than the
        // template, and are unused.
        unsafe { variables.copy_from_nonoverlapping(template.as_ptr(), template.len()) };
        let rest = (tls.memory_size as usize).saturating_sub(template.len());
        // SAFETY: as above.
        unsafe { variables.wrapping_add(template.len()).write_bytes(0, rest) };
        let block: *mut ThreadBlock = ptr::with_exposed_provenance_mut(self.pointer);
        let words = ThreadBlock {
            this: block,
            errno: 0,
            thread,
            blocked_until: 0,
            announced: Announced::NOTHING,
        };
        let cache = const { Cache::new() };
        // SAFETY: the storage lies between pointer and top, unused.
        unsafe { block.cast::<Storage>().write(Storage { words, cache }) };
        // SAFETY: the block stays, as the caller says, and the variables lie
        // below it.
        unsafe { client::set_thread_block(block) };
    }
}

/// The most bytes that a thread's storage takes from its stack.
pub(crate) fn size(tls: &Tls) -> usize {
    let align = (tls.align as usize).max(STACK_ALIGN);
    size_of::<Storage>() + tls.memory_size as usize + 3 * align
}

/// How far below the pointer the variables begin, by the linker's formula: they
/// lie as they do in the image, modulo their own alignment.
fn distance(tls: &Tls) -> usize {
    let (address, size) = (tls.address as usize, tls.memory_size as usize);
    let slack = 0_usize.wrapping_sub(address).wrapping_sub(size);
    size + (slack & (tls.align as usize).saturating_sub(1))
}

/// The multiple of `align` that is not above `address`.
fn round_down(address: usize, align: usize) -> usize {
    address & !(align - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(address: u64, memory_size: u64, align: u64) -> Tls {
        Tls {
            address,
            file_size: 0,
            memory_size,
            align,
        }
    }

    #[test]
    fn storage_lies_as_the_linker_laid_it_out() {
        for align in [1, 8, 16, 64, 4096] {
            for address in [0x1_0000, 0x1_0000 - align, 0x1_0000 + align] {
                for size in [0, 1, 24, 100, 4097] {
                    check(&tls(address, size, align));
                }
            }
        }
    }

    #[test]
    fn the_distance_is_no_longer_than_the_linker_says() {
        assert_eq!(distance(&tls(0x2_3ff8, 0xb0, 8)), 0xb0);
        assert_eq!(distance(&tls(0x2_12b8, 0x7c, 8)), 0x80);
        assert_eq!(distance(&tls(0x1_0010, 0x10, 64)), 0x30);
        assert_eq!(distance(&tls(0, 0, 0)), 0);
    }

    fn check(tls: &Tls) {
        let top = 0x10_0000 - 24;
        let place = Place::below(top, tls);
        let (align, size) = (tls.align as usize, tls.memory_size as usize);
        let moved = place.variables - tls.address as usize;
        assert_eq!(moved % align, 0, "{tls:?}");
        assert!(place.pointer.is_multiple_of(align), "{tls:?}");
        assert!(place.pointer + size_of::<Storage>() <= top, "{tls:?}");
        assert!(place.variables + size <= place.pointer, "{tls:?}");
        assert!(place.pointer - place.variables < size + align, "{tls:?}");
        assert!(place.bottom <= place.variables, "{tls:?}");
        assert!(top - place.bottom <= super::size(tls), "{tls:?}");
    }
}
