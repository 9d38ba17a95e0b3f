//! Pages of the DMA area, for rings and messages.
//!
//! A page is taken once and never comes back: a device may read and write what
//! it was shown until it is reset, and none is.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};

use domains::layout::{PAGE_SIZE, Region, UNSAFE};

const AREA: Region = UNSAFE.dma();
const PAGE: usize = PAGE_SIZE as usize;
const PAGES: usize = AREA.size() as usize / PAGE;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The address of `count` new, clear pages that follow each other; none if
/// there are too few left.
pub(crate) fn take(count: usize) -> Option<NonNull<u8>> {
    let take = |taken: usize| Some(taken.checked_add(count)?).filter(|taken| *taken <= PAGES);
    let place = TAKEN
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .ok()?;
    NonNull::new(ptr::with_exposed_provenance_mut(
        AREA.start as usize + place * PAGE,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_given_twice() {
        let first = take(1).expect("the area is new");
        let second = take(2).expect("the area is new");
        assert_eq!(first.addr().get() + PAGE, second.addr().get());
        for count in [PAGES - 2, PAGES, usize::MAX] {
            assert!(take(count).is_none(), "{count}");
        }
        assert!(take(PAGES - 3).is_some());
        assert!(take(1).is_none(), "that was all");
    }
}
