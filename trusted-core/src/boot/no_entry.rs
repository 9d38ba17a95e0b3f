//! What stands in for the stubs on the host, where no CPU starts.

#![expect(unsafe_code, reason = "has the contracts of the stubs")]

use crate::smp::join;
use crate::smp::offer::{NAME, OFFER, ROOT};

/// Bytes of [`real_mode`].
pub(crate) const REAL_MODE_SIZE: usize = 64;

/// Never runs.
pub(crate) extern "C" fn real_mode() -> ! {
    let _ = (NAME, &ROOT, &OFFER);
    join::enter();
    unreachable!("nobody comes here")
}

/// There are none.
///
/// # Safety
///
/// None to keep.
pub(crate) unsafe fn clear_tables() {}
