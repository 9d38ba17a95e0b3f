//! Random bytes for the application.

use gate::user::UserSlice;

use crate::errno::{Answer, Errno, count};
use crate::{events, random};

/// Bytes that one request fills at most; the caller asks again.
const FILL_MAX: usize = 1 << 16;
/// Bytes copied at once.
const CHUNK: usize = 256;

/// Flags that POSIX-like callers may set: they change nothing, because a
/// request never waits.
const KNOWN_FLAGS: u32 = 3;

/// Fills the application's `size` bytes at `address`; how many.
///
/// # Errors
///
/// The machine has no source of entropy, or an argument is wrong.
pub fn fill(address: usize, size: usize, flags: u32) -> Answer {
    if flags & !KNOWN_FLAGS != 0 {
        return Err(Errno::Invalid);
    }
    let target = UserSlice::new(address, size.min(FILL_MAX));
    let mut filled = 0;
    while filled < target.size() {
        let part = target.part(filled, CHUNK);
        let mut chunk = [0; CHUNK];
        let chunk = chunk.get_mut(..part.size()).ok_or(Errno::Invalid)?;
        random::generate(chunk)?;
        part.write(chunk)?;
        filled = filled.saturating_add(part.size());
        events::let_others_run();
    }
    count(filled)
}
