//! Forgets translations.
//!
//! TCG would hide much of what is missing here, because WRPKRU flushes
//! everything there; but not on another CPU.

use domains::layout::PAGE_SIZE;
use x86_64::VirtAddr;

use crate::hooks;
use crate::smp::shootdown::{self, Pages};

/// More pages than this are forgotten with all others.
const SINGLY_MAX: u64 = 32;

/// Makes a change of the entry for `address` count on this CPU.
pub(crate) fn flush(address: u64) {
    if cfg!(not(test)) {
        x86_64::instructions::tlb::flush(VirtAddr::new_truncate(address));
    }
}

/// Makes changes of the entries for `pages` count on all CPUs. To be called once for all changes of a core call, and before a frame
/// is used for something else.
pub(crate) fn forget(pages: Pages) {
    forget_here(pages);
    if cfg!(not(test)) && !hooks::forgets_here_only() {
        shootdown::ask(pages);
    }
}

/// Makes changes of the entries for `pages` count on this CPU.
pub(crate) fn forget_here(pages: Pages) {
    if pages.count > SINGLY_MAX {
        return forget_all();
    }
    (0..pages.count).for_each(|page| flush(pages.start + page * PAGE_SIZE));
}

/// Makes all changes count on this CPU. No page is global.
pub(crate) fn forget_all() {
    if cfg!(not(test)) {
        x86_64::instructions::tlb::flush_all();
    }
}
