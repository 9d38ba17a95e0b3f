//! Pages for rings and buffers.
//!
//! A page is taken once and never comes back to the pool: a device may write to
//! memory that it was shown until it is reset, and none is. Drivers use their own
//! pages again when the device has returned them.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use domains::layout::PAGE_SIZE;
use gate::driver::channel::CHANNELS;

use crate::{console, entropy, ring};

/// The size of a page.
pub(crate) const PAGE: usize = PAGE_SIZE as usize;

/// How many consoles there are: for output with input, and for errors.
const CONSOLES: usize = 2;
/// Pages that are lost where the frames of a legacy ring would not follow each
/// other.
const LOST: usize = 3;
/// How many pages there are: what every driver takes at most.
const PAGES: usize = CONSOLES * console::PAGES + entropy::PAGES + CHANNELS * ring::PAGES + LOST;

#[repr(align(4096))]
struct Pages(UnsafeCell<[[u8; PAGE]; PAGES]>);

// SAFETY: a page is only reached through the one who took it.
unsafe impl Sync for Pages {}

static MEMORY: Pages = Pages(UnsafeCell::new([[0; PAGE]; PAGES]));
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// A page that its holder alone has, or that a device has.
#[derive(Debug)]
pub(crate) struct Page(NonNull<u8>);

// SAFETY: a page belongs to whoever holds it, on whatever CPU.
unsafe impl Send for Page {}

impl Page {
    /// A new, zeroed page; none if all are taken.
    pub(crate) fn take() -> Option<Page> {
        take_pages(1).map(Page)
    }

    /// Its first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.0
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8; PAGE] {
        // SAFETY: the page is ours, and no device has it: whoever gives a page
        // to a device gives the value away.
        unsafe { self.0.cast().as_ref() }
    }

    /// Its bytes.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; PAGE] {
        // SAFETY: as above.
        unsafe { self.0.cast().as_mut() }
    }
}

/// The first byte of `count` new, zeroed pages that follow each other; none if
/// there are too few left.
pub(crate) fn take_pages(count: usize) -> Option<NonNull<u8>> {
    let take = |taken: usize| Some(taken.checked_add(count)?).filter(|taken| *taken <= PAGES);
    let place = TAKEN
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .ok()?;
    let start: *mut [u8; PAGE] = MEMORY.0.get().cast();
    NonNull::new(start.wrapping_add(place).cast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_given_twice() {
        let mut first = Page::take().expect("the pool is new");
        let second = Page::take().expect("the pool is new");
        first.bytes_mut().fill(1);
        assert_eq!(second.bytes(), &[0; PAGE]);
        assert!(second.start().addr().get().is_multiple_of(PAGE));
        assert!(take_pages(PAGES).is_none());
    }
}
