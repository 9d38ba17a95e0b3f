//! Forgets a translation.

use x86_64::VirtAddr;

/// Makes a change of the entry for `address` count on this CPU.
///
/// TCG would hide a missing flush, because WRPKRU flushes everything there.
pub(crate) fn flush(address: u64) {
    if cfg!(not(test)) {
        x86_64::instructions::tlb::flush(VirtAddr::new_truncate(address));
    }
}
