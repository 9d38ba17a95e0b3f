//! Where a chunk of work that rayon divides begins.

use std::hint;

/// To be called first in each chunk.
pub(crate) fn begin() {
    // An emulator that counts instructions runs one virtual CPU at a time, and
    // goes on to the next only where one pauses. Without this the first would
    // do everything before another came to take its part.
    hint::spin_loop();
}
