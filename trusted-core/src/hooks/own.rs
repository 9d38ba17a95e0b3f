//! Tries to write to the core's own image through its map of all memory.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::core_call::{error, test_hook};
use domains::layout::{CORE_OFFSET, PAGE_SIZE};

use crate::memory::frame::Frame;
use crate::memory::physical::PhysicalMap;

static CONSTANT: [u64; 2] = [0x1111, 0x2222];
static VARIABLE: AtomicU64 = AtomicU64::new(0);

/// Writes what stands there to a word of a part of the image; comes back if
/// that is allowed.
pub(super) fn write(part: u64) -> Result<u64, i64> {
    let address = match part {
        test_hook::OWN_TEXT => (write as *const ()).addr(),
        test_hook::OWN_RODATA => CONSTANT.as_ptr().addr(),
        test_hook::OWN_DATA => (&raw const VARIABLE).addr(),
        _ => return Err(error::INVALID),
    };
    let word = word(address as u64);
    word.store(word.load(Relaxed), Relaxed);
    Ok(0)
}

/// The word of the image at `address`, in the map of all memory.
pub(super) fn word(address: u64) -> &'static AtomicU64 {
    let physical = address - CORE_OFFSET;
    let words = PhysicalMap::CORE.words(Frame::containing(physical));
    &words[(physical % PAGE_SIZE / 8) as usize]
}
