//! The old interrupt controllers, which stay silent.

#![expect(unsafe_code, reason = "names I/O ports")]

use super::port::Port;

// SAFETY: the first controller's mask.
const FIRST: Port<u8> = unsafe { Port::new(0x21) };
// SAFETY: the second controller's mask.
const SECOND: Port<u8> = unsafe { Port::new(0xa1) };

/// Masks all their inputs. Where there are no controllers, nothing happens.
pub(crate) fn mask_all() {
    FIRST.write(0xff);
    SECOND.write(0xff);
}
