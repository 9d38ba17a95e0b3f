//! How much memory the kernels have, and whether they still have it.
//!
//! What is there once for each thread or CPU, or for what is done at once, grows by
//! chance when there is more of it than ever before: a queue, or the frame that a
//! thread is given when it is first preempted. There is an end to that, and it comes
//! soon. What a failure leaves behind comes again with each.

use domains::core_call::test_hook::FREE_FRAMES;
use gate::hooks::{CORE_HOOK, HEAP_IN_USE};

use crate::checks::same;
use crate::hooks::hook;

/// Bytes that may be more by chance: less than the least allocation for each of
/// forty failures.
const BYTES: i64 = 1024;
/// Frames that may be fewer by chance: a few, and the sixteen by which the heap grows
/// when it is fuller for a moment than ever before. A frame for each of forty failures
/// is more.
const FRAMES: i64 = 4 + 16;
/// Windows that are kept for connections that come, beyond those of before: as many as
/// come at once, which is for the host to say. One for each connection would be far more.
const WINDOWS: i64 = 16;
/// Frames of such a window, and bytes that are known of it.
const WINDOW_FRAMES: i64 = 33;
const WINDOW_BYTES: i64 = 4096;

/// What is in use at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// Bytes of the safe kernel's heap.
    heap: i64,
    /// Frames that nobody has.
    free_frames: i64,
}

impl Level {
    /// That of this moment.
    pub fn now() -> Level {
        Level {
            heap: hook(HEAP_IN_USE, 0, 0),
            free_frames: hook(CORE_HOOK, FREE_FRAMES as usize, 0),
        }
    }

    /// Fails unless it is that of before, but for what comes by chance.
    pub fn is_still(self, before: Level) -> Result<(), String> {
        self.is_still_but_for(before, 0)
    }

    /// The same for whoever serves connections.
    pub fn is_still_served(self, before: Level) -> Result<(), String> {
        self.is_still_but_for(before, WINDOWS)
    }

    fn is_still_but_for(self, before: Level, windows: i64) -> Result<(), String> {
        eprintln!("{before:?}, then {self:?}");
        let is_heap = self.heap <= before.heap + BYTES + windows * WINDOW_BYTES;
        let is_free = self.free_frames >= before.free_frames - FRAMES - windows * WINDOW_FRAMES;
        same("the kernels' memory", is_heap && is_free, true)
    }
}
