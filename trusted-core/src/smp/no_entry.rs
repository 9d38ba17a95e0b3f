//! What stands in for the stub on the host, where no CPU starts.

use super::join;
use super::offer::{NAME, OFFER, ROOT, TAKEN};

/// Bytes of [`real_mode`].
pub(super) const REAL_MODE_SIZE: usize = 64;

/// Never runs.
pub(super) extern "C" fn real_mode() -> ! {
    let _ = (NAME, TAKEN, &ROOT, &OFFER);
    join::enter();
    unreachable!("nobody comes here")
}

/// There are none.
pub(super) fn forget_boot_tables() {}
