//! Pages of the DMA area, for rings and messages.
//!
//! A page is taken once and never comes back: a device may read and write what
//! it was shown until it is reset, and none is.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};

use domains::Cell;
use domains::layout::PAGE_SIZE;

const PAGE: usize = PAGE_SIZE as usize;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The address of `count` new, clear pages of `cell`'s that follow each other;
/// none if there are too few left. The caller is that cell.
pub fn take(cell: Cell, count: usize) -> Option<NonNull<u8>> {
    let area = cell.dma();
    let pages = area.size() as usize / PAGE;
    let take = |taken: usize| Some(taken.checked_add(count)?).filter(|taken| *taken <= pages);
    let place = TAKEN
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .ok()?;
    NonNull::new(ptr::with_exposed_provenance_mut(
        area.start as usize + place * PAGE,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_given_twice() {
        let cell = Cell::Console;
        let pages = cell.dma_size() as usize / PAGE;
        let first = take(cell, 1).expect("the area is new");
        let second = take(cell, 2).expect("the area is new");
        assert_eq!(first.addr().get() + PAGE, second.addr().get());
        for count in [pages - 2, pages, usize::MAX] {
            assert!(take(cell, count).is_none(), "{count}");
        }
        assert!(take(cell, pages - 3).is_some());
        assert!(take(cell, 1).is_none(), "that was all");
    }
}
