//! The entries of the unsafe kernel, for the safe kernel.
//!
//! Data passes through the frames area; arguments name it by offset. Every
//! call can end in [`Faulted`]: the unsafe kernel crossed a wall, and the core
//! brought the safe kernel back. The callee is not trusted, so every reply is
//! an allegation as well.

use domains::entry_names;

use crate::interface::interface;

/// The unsafe kernel faulted during the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faulted;

/// How many requests a queue has under way at most.
pub const REQUESTS_MAX: usize = domains::windows::SLOTS;
/// A reply begins at the next multiple of this behind its request.
pub const REPLY_ALIGN: usize = 64;

/// The numbers of the queues.
pub mod queue {
    use domains::boot::VOLUMES_MAX;

    /// What goes to standard output.
    pub const OUTPUT: u32 = 0;
    /// What goes to standard error.
    pub const ERRORS: u32 = 1;
    /// What comes from standard input.
    pub const INPUT: u32 = 2;
    /// Random bytes.
    pub const RANDOM: u32 = 3;

    /// The requests to a volume.
    pub const fn volume(number: usize) -> u32 {
        RANDOM + 1 + (number % VOLUMES_MAX) as u32
    }

    /// How many queues there are.
    pub const COUNT: usize = RANDOM as usize + 1 + VOLUMES_MAX;

    /// A queue and a slot in one word.
    pub const fn with_slot(queue: u32, slot: u32) -> u32 {
        queue << 8 | slot & 0xff
    }
}

interface! {
    calls through to_unsafe -> Result<i64, Faulted>;

    /// Does nothing: what a call costs.
    0 => null();
    /// Finds and starts the devices; which queues there are, a bit for each of
    /// [`queue`].
    1 => start();
    /// Gives a device a request: `request` bytes at `offset` of the frames for it
    /// to read, and behind them `reply` bytes for it to write. `place` holds a
    /// queue and a slot that is free.
    2 => submit(place: u32, offset: usize, request: usize, reply: usize);
    /// Takes a request that has come back: its slot in the upper half, in the
    /// lower how much the device says it has written; negative if there is none.
    3 => poll(queue: u32);
    /// The same, but looks again and again for a little while.
    4 => spin(queue: u32);
    /// The same, but has the device interrupt when one comes back, if there is
    /// none. It gets to see all that was added, too.
    5 => arm(queue: u32);
    /// As [`submit`], but the device gets to see it only with the next request
    /// that is submitted, or when the queue is armed.
    6 => add(place: u32, offset: usize, request: usize, reply: usize);
    /// With `test-hooks`: touches memory as the hooks module says.
    120 => hook(kind: u32, address: usize, argument: usize);
}

const _: () = assert!(
    entry_names::agree(NAMES, entry_names::DRIVERS),
    "reports would name another entry"
);
