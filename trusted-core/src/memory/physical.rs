//! The core's view of physical memory.
//!
//! All of it is mapped at one place, supervisor only and never executable. A
//! frame is seen as 512 atomic words: other parties (the MMU, the domains,
//! other CPUs) change some of them while the core looks, and a shared view of
//! atomics is the one that stays true then.

#![expect(unsafe_code, reason = "turns physical addresses into references")]

use core::arch::asm;
use core::sync::atomic::{AtomicU16, AtomicU64};

use domains::layout::{PAGE_SIZE, PHYSICAL_MAP};
use zerocopy::FromBytes;

use super::frame::Frame;

/// Words in a frame.
pub(crate) const WORDS: usize = 512;

/// Where physical address zero is mapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhysicalMap {
    base: u64,
}

impl PhysicalMap {
    /// The map of the running core.
    pub(crate) const CORE: PhysicalMap = PhysicalMap { base: PHYSICAL_MAP };

    /// Where the physical address `physical` is mapped.
    pub(crate) const fn address(self, physical: u64) -> u64 {
        self.base + physical
    }

    /// The words of `frame`.
    pub(crate) fn words(self, frame: Frame) -> &'static [AtomicU64; WORDS] {
        let pointer = self.address(frame.address()) as *const [AtomicU64; WORDS];
        // SAFETY:
        // 1. The map covers all memory that the machine has, for ever.
        // 2. Atomics may be shared with whoever else reads and writes them; the
        //    core's own image is never reached by this way.
        unsafe { &*pointer }
    }

    /// The half-word at `physical`, of a queue of a device.
    #[inline]
    pub(crate) fn half(self, physical: u64) -> &'static AtomicU16 {
        debug_assert!(physical.is_multiple_of(2));
        let pointer = self.base.wrapping_add(physical) as *const AtomicU16;
        // SAFETY: as in `words`; the queue's rings are aligned.
        unsafe { &*pointer }
    }

    /// The word at `physical`, of a queue of a device.
    #[inline]
    pub(crate) fn word(self, physical: u64) -> &'static AtomicU64 {
        debug_assert!(physical.is_multiple_of(8));
        let pointer = self.base.wrapping_add(physical) as *const AtomicU64;
        // SAFETY: as above.
        unsafe { &*pointer }
    }

    /// Clears `frame`.
    pub(crate) fn zero(self, frame: Frame) {
        let pointer = self.address(frame.address());
        // SAFETY: as in `words`; the frame has this many words, and its new
        // owner has not been given it yet.
        unsafe {
            asm!(
                "rep stosq",
                inout("rdi") pointer => _,
                inout("rcx") WORDS => _,
                in("rax") 0,
                options(nostack, preserves_flags),
            );
        }
    }

    /// The bytes at `physical` as a record, however it is aligned.
    pub(crate) fn read<T: FromBytes>(self, physical: u64) -> T {
        let pointer = self.address(physical) as *const T;
        // SAFETY: all of memory is mapped, and every pattern of bytes is a `T`.
        unsafe { pointer.read_unaligned() }
    }

    /// The `count` elements at `physical`.
    ///
    /// # Safety
    ///
    /// Nobody else may use them while the slice lives.
    pub(crate) unsafe fn slice<T: FromBytes>(
        self,
        physical: u64,
        count: usize,
    ) -> &'static mut [T] {
        let pointer = self.address(physical) as *mut T;
        // SAFETY: all of memory is mapped; the caller keeps others away.
        unsafe { core::slice::from_raw_parts_mut(pointer, count) }
    }
}

/// Host memory that plays physical memory.
#[cfg(any(test, feature = "fuzzed"))]
pub(crate) fn fake(frames: usize) -> PhysicalMap {
    extern crate std;
    let words: std::vec::Vec<[u64; WORDS]> = std::vec![[0; WORDS]; frames + 1];
    let base = std::boxed::Box::leak(words.into_boxed_slice())
        .as_ptr()
        .addr() as u64;
    PhysicalMap {
        base: base.next_multiple_of(PAGE_SIZE),
    }
}

#[cfg(not(test))]
const _: () = assert!(PAGE_SIZE as usize == WORDS * size_of::<AtomicU64>());
