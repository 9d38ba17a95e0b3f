//! Memory that the safe kernel asks the core for.
//!
//! What the safe kernel maps for itself comes as a value that owns it, so that
//! no mapping can be taken away under a reference. What it maps for others is
//! addressed by number: it holds no references there.

use domains::Cell;
use domains::core_call::{CoreCall, error, map_flags, unmap_flags};
use domains::layout::{
    APP, KERNEL_STACK, KERNEL_STACK_STRIDE, KERNEL_STACKS, PAGE_SIZE, Region, SAFE,
    SOCKET_WINDOWS,
};
use static_assertions::assert_not_impl_any;

use crate::core_call::core_call;

/// Why the core did not map something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// No free frame is left.
    NoMemory,
    /// The range is not free, or not where it may be.
    BadRange,
    /// The pages hold what nobody may execute.
    Denied,
}

/// When pages get their frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Populate {
    /// At once, so that touching them cannot fail.
    Now,
    /// When they are first touched.
    OnTouch,
    /// As [`Populate::OnTouch`], but for the last few: a stack begins there.
    TopNow,
}

/// Maps zeroed pages for the application.
pub fn map_app(address: u64, pages: u64, populate: Populate) -> Result<(), MapError> {
    map_in(APP, address, pages, populate)
}

/// Takes pages from the application and frees their frames.
///
/// # Errors
///
/// The range is not the application's to lose, or it is a part of a larger
/// page and there is no frame for the table that would divide it.
pub fn unmap_app(address: u64, pages: u64) -> Result<(), MapError> {
    unmap_in_app(address, pages, 0)
}

/// The same, but other CPUs may still use the pages for a while: for what the
/// application has no more business with. Their frames are free when many are,
/// or when there are no others.
///
/// # Errors
///
/// As [`unmap_app`].
pub fn unmap_app_later(address: u64, pages: u64) -> Result<(), MapError> {
    // DEFENCE: unmap-together
    unmap_in_app(address, pages, unmap_flags::LATER)
}

fn unmap_in_app(address: u64, pages: u64, flags: u64) -> Result<(), MapError> {
    if !APP.contains_range(address, pages.saturating_mul(PAGE_SIZE)) {
        return Err(MapError::BadRange);
    }
    // SAFETY: the safe kernel holds no reference into the application.
    judge(unsafe { core_call(CoreCall::Unmap, [address, pages, flags, 0]) })
}

/// Changes what the application may do with pages of its heap region, to bits
/// of [`domains::core_call::rights`].
///
/// # Errors
///
/// Not all of them are mapped or promised; the bits make no sense; the pages
/// are to be executed and hold WRPKRU; or memory is short.
pub fn protect_app(address: u64, pages: u64, rights: u64) -> Result<(), MapError> {
    // SAFETY: the core changes nothing but the application's own pages, into
    // which the safe kernel holds no reference.
    judge(unsafe { core_call(CoreCall::Protect, [address, pages, rights, 0]) })
}

/// Maps zeroed pages for the safe kernel's own heap.
pub fn map_heap(address: u64, pages: u64) -> Result<(), MapError> {
    map_in(SAFE.heap(), address, pages, Populate::Now)
}

/// Takes pages of the safe kernel's own heap away and frees their frames.
///
/// # Safety
///
/// Nobody refers to what is in them, or will.
///
/// # Errors
///
/// The range is not the heap's, or memory is short for a table that divides a
/// larger page.
pub unsafe fn unmap_heap(address: u64, pages: u64) -> Result<(), MapError> {
    if !SAFE
        .heap()
        .contains_range(address, pages.saturating_mul(PAGE_SIZE))
    {
        return Err(MapError::BadRange);
    }
    // SAFETY: the caller says that nobody refers to the pages.
    judge(unsafe { core_call(CoreCall::Unmap, [address, pages, 0, 0]) })
}

/// Maps zeroed pages of the cell `net` for windows of sockets.
///
/// # Errors
///
/// The range is none of windows, some of it is mapped, or memory is short.
pub fn map_windows(address: u64, pages: u64) -> Result<(), MapError> {
    map_in(SOCKET_WINDOWS, address, pages, Populate::Now)
}

/// Takes pages of windows of sockets away and frees their frames. Neither this kernel
/// nor the cell may use them any more: whoever does faults.
///
/// # Errors
///
/// The range is none of windows, or memory is short for a table that divides a larger
/// page.
pub fn unmap_windows(address: u64, pages: u64) -> Result<(), MapError> {
    if !SOCKET_WINDOWS.contains_range(address, pages.saturating_mul(PAGE_SIZE)) {
        return Err(MapError::BadRange);
    }
    // SAFETY: nobody holds a reference into a window.
    judge(unsafe { core_call(CoreCall::Unmap, [address, pages, 0, 0]) })
}

/// Maps zeroed pages for the heap of the cell `net`, from its byte `offset` on.
///
/// # Errors
///
/// They lie where windows may, some of them are mapped, or memory is short.
pub fn map_net_heap(offset: u64, pages: u64) -> Result<(), MapError> {
    let start = Cell::Net.region().heap().start;
    let heap = Region {
        start,
        end: SOCKET_WINDOWS.start,
    };
    map_in(heap, start.saturating_add(offset), pages, Populate::Now)
}

/// A stack of the safe kernel, with an unmapped page below it.
#[derive(Debug)]
pub struct KernelStack {
    place: u64,
}

// Two owners of a stack would run on it at the same time.
assert_not_impl_any!(KernelStack: Clone, Copy);

impl KernelStack {
    /// Pages of a stack.
    pub const PAGES: u64 = KERNEL_STACK / PAGE_SIZE;

    /// Maps the stack number `place`.
    ///
    /// # Errors
    ///
    /// The place is taken, or memory is short.
    pub fn map(place: u64) -> Result<KernelStack, MapError> {
        let stack = KernelStack { place };
        map_in(SAFE.stacks(), stack.start(), Self::PAGES, Populate::Now)?;
        #[cfg(feature = "test-hooks")]
        stack.paint();
        Ok(stack)
    }

    /// Fills it with what nobody pushes, to see later how much was used.
    #[cfg(feature = "test-hooks")]
    fn paint(&self) {
        let words = (self.start()..self.start() + KERNEL_STACK).step_by(8);
        for place in words {
            let word: *mut u64 = core::ptr::without_provenance_mut(place as usize);
            // SAFETY: the pages were mapped just now, and nobody runs on them.
            unsafe { word.write(domains::stack_paint::PAINT) };
        }
    }

    /// Its number.
    pub const fn place(&self) -> u64 {
        self.place
    }

    /// The stack pointer at the first instruction of a function that nobody
    /// called: eight below a multiple of sixteen.
    pub(crate) const fn top(&self) -> u64 {
        self.start() + Self::PAGES * PAGE_SIZE - 8
    }

    const fn start(&self) -> u64 {
        let distance = self.place.saturating_mul(KERNEL_STACK_STRIDE);
        (KERNEL_STACKS + PAGE_SIZE).saturating_add(distance)
    }
}

fn map_in(
    region: Region,
    address: u64,
    pages: u64,
    populate: Populate,
) -> Result<(), MapError> {
    if !region.contains_range(address, pages.saturating_mul(PAGE_SIZE)) {
        return Err(MapError::BadRange);
    }
    let flags = match populate {
        Populate::Now => 0,
        Populate::OnTouch => map_flags::LAZY,
        Populate::TopNow => map_flags::LAZY | map_flags::TOP,
    };
    // SAFETY: the core maps only what is not mapped, so nothing that anybody
    // refers to changes.
    judge(unsafe { core_call(CoreCall::Map, [address, pages, flags, 0]) })
}

/// What the core's answer means.
fn judge(result: i64) -> Result<(), MapError> {
    match result {
        0 => Ok(()),
        error::NO_MEMORY => Err(MapError::NoMemory),
        error::DENIED => Err(MapError::Denied),
        _ => Err(MapError::BadRange),
    }
}
