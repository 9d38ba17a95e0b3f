//! Where the heap gets memory from: extents that the safe kernel maps.
//!
//! Extents grow with the heap, so that crossings stay rare and little is asked
//! for that is never used. Where a large one is refused, the least that serves
//! is tried. One that is all free goes back, but for a few spares: a program that
//! allocates and frees the same again and again does not cross each time.

use core::alloc::Layout;
use core::fmt::Debug;
use core::marker::PhantomData;
use core::ptr::NonNull;

use talc::DefaultBinning;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;

/// The smallest extent.
pub(crate) const EXTENT_MIN: usize = 64 << 10;
/// The largest extent that no single allocation asked for.
const EXTENT_MAX: usize = 1 << 20;
/// How many extents are kept that are all free, and their bytes at most.
const SPARES: usize = 4;
const SPARE_BYTES: usize = EXTENT_MAX;
/// What an extent is a multiple of.
pub(crate) const PAGE: usize = domains::layout::PAGE_SIZE as usize;

/// Who maps memory: the safe kernel, or what stands for it in a test.
pub(crate) trait Supply: Debug {
    /// Maps so many bytes of zeros, a multiple of [`PAGE`]; where they are.
    fn map(size: usize) -> Option<NonNull<u8>>;

    /// Takes so many bytes back, which were mapped.
    ///
    /// # Safety
    ///
    /// Nobody uses them any more.
    unsafe fn unmap(start: *mut u8, size: usize);

    /// Maps `more` bytes behind the `size` bytes that are mapped at `start`;
    /// false if they are not free.
    fn grow(start: *mut u8, size: usize, more: usize) -> bool;
}

/// Memory that was mapped.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: NonNull<u8>,
    size: usize,
}

/// A growing and shrinking supply.
#[derive(Debug)]
pub(crate) struct Extents<S> {
    /// How much the heap has.
    total: usize,
    /// Mapped, and not the heap's.
    spares: [Option<Extent>; SPARES],
    supply: PhantomData<S>,
}

// SAFETY: the spare extents belong to whoever holds the heap.
unsafe impl<S> Send for Extents<S> {}

impl<S: Supply> Extents<S> {
    /// A supply that has nothing yet.
    pub(crate) const fn new() -> Extents<S> {
        Extents {
            total: 0,
            spares: [None; SPARES],
            supply: PhantomData,
        }
    }

    /// An extent for an allocation of `layout`.
    fn next(&mut self, layout: Layout) -> Option<Extent> {
        let overhead = talc::min_first_heap_size::<DefaultBinning>() + layout.align();
        let least = layout.size().checked_add(overhead)?;
        let least = least.checked_next_multiple_of(PAGE)?;
        let usual = (self.total / 8).clamp(EXTENT_MIN, EXTENT_MAX);
        let size = least.max(usual.next_multiple_of(PAGE));
        if let Some(spare) = self.take_spare(least) {
            return Some(spare);
        }
        let map = |size| S::map(size).map(|start| Extent { start, size });
        map(size).or_else(|| {
            self.give_spares_back();
            map(least)
        })
    }

    /// The smallest spare extent that has `least` bytes.
    fn take_spare(&mut self, least: usize) -> Option<Extent> {
        let size = |slot: &Option<Extent>| slot.map(|spare| spare.size);
        let fits = |slot: &&mut Option<Extent>| size(slot).is_some_and(|size| size >= least);
        let slots = self.spares.iter_mut().filter(fits);
        slots.min_by_key(|slot| size(slot))?.take()
    }

    /// Keeps an extent that the heap does not need, or gives it back.
    fn retire(&mut self, extent: Extent) {
        self.total = self.total.saturating_sub(extent.size);
        while !self.keep(extent) {
            // The larger one is the one that is dearer to map again.
            match self.take_smaller(extent.size) {
                // SAFETY: nobody uses a spare one.
                Some(spare) => unsafe { S::unmap(spare.start.as_ptr(), spare.size) },
                // SAFETY: the heap has nothing in it any more.
                None => return unsafe { S::unmap(extent.start.as_ptr(), extent.size) },
            }
        }
    }

    /// Makes an extent a spare one; false if there is no room for it.
    fn keep(&mut self, extent: Extent) -> bool {
        let kept: usize = self.spares.iter().flatten().map(|spare| spare.size).sum();
        let slot = self.spares.iter_mut().find(|slot| slot.is_none());
        let slot = slot.filter(|_| kept + extent.size <= SPARE_BYTES);
        slot.map(|slot| *slot = Some(extent)).is_some()
    }

    /// The smallest spare extent, if it is smaller than `size` and that can be
    /// a spare one at all.
    fn take_smaller(&mut self, size: usize) -> Option<Extent> {
        let of = |slot: &Option<Extent>| slot.map(|spare| spare.size);
        let is_smaller = |slot: &&mut Option<Extent>| of(slot).is_some_and(|it| it < size);
        let mut slots = self.spares.iter_mut().filter(is_smaller);
        let first = slots.next().filter(|_| size <= SPARE_BYTES)?;
        slots
            .fold(
                first,
                |least, slot| if of(slot) < of(least) { slot } else { least },
            )
            .take()
    }

    /// Gives the spare extents back.
    pub(crate) fn give_spares_back(&mut self) {
        for spare in self.spares.iter_mut().filter_map(Option::take) {
            // SAFETY: nobody uses the spare ones.
            unsafe { S::unmap(spare.start.as_ptr(), spare.size) };
        }
    }
}

// SAFETY: `acquire` claims only memory that nobody else has, and asks the safe
// kernel, not the heap, for it. `resize` keeps a heap or takes all of it.
unsafe impl<S: Supply> Source for Extents<S> {
    const TRACK_HEAP_END: bool = true;

    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let extent = talc.source.next(layout).ok_or(())?;
        // SAFETY: the extent is nobody else's.
        unsafe { talc.claim(extent.start.as_ptr(), extent.size) }.ok_or(())?;
        talc.source.total += extent.size;
        Ok(())
    }

    unsafe fn resize(&mut self, free: *mut u8, end: *mut u8, is_all: bool) -> *mut u8 {
        if !is_all {
            return end;
        }
        // A heap begins less than a page behind its extent.
        let start = free.map_addr(|address| (address - 1) & !(PAGE - 1));
        let size = end.addr() - start.addr();
        if let Some(start) = NonNull::new(start) {
            self.retire(Extent { start, size });
        }
        free
    }
}
