//! Where the heap gets memory from: extents that the safe kernel maps.
//!
//! Extents grow with the heap, so that crossings stay rare and little is asked
//! for that is never used. Where a large one is refused, the least that serves
//! is tried. One that begins where the last one ended is joined to it.

use core::alloc::Layout;
use core::ptr::NonNull;

use talc::DefaultBinning;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;

/// The smallest extent.
pub(crate) const EXTENT_MIN: usize = 64 << 10;
/// The largest extent that no single allocation asked for.
const EXTENT_MAX: usize = 4 << 20;
/// What an extent is a multiple of.
pub(crate) const PAGE: usize = domains::layout::PAGE_SIZE as usize;

/// Asks for so many bytes; where they are.
pub(crate) type Extend = fn(usize) -> Option<NonNull<u8>>;

/// A growing supply.
#[derive(Debug)]
pub(crate) struct Extents {
    extend: Extend,
    /// How much there is.
    total: usize,
    /// The end of the last extent.
    end: Option<NonNull<u8>>,
}

// SAFETY: the end is that of memory which whoever holds the heap owns.
unsafe impl Send for Extents {}

impl Extents {
    /// A supply that has nothing yet.
    pub(crate) const fn new(extend: Extend) -> Extents {
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
