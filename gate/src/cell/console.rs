//! The entries of the cell `console`: consoles, and the source of entropy.

use domains::Cell;

use crate::interface::interface;

/// The numbers of the queues.
pub mod queue {
    /// What goes to standard output.
    pub const OUTPUT: u32 = 0;
    /// What goes to standard error.
    pub const ERRORS: u32 = 1;
    /// What comes from standard input.
    pub const INPUT: u32 = 2;
    /// Random bytes.
    pub const RANDOM: u32 = 3;

    /// How many queues there are.
    pub const COUNT: usize = RANDOM as usize + 1;
}

interface! {
    calls into Cell::Console;

    /// Does nothing: what a call costs.
    0 => null();
    /// Starts the devices; which queues there are, a bit for each of [`queue`].
    1 => start();
    /// Gives a device a request: `request` bytes at `address`, in a window, for it
    /// to read, and behind them `reply` bytes for it to write. `place` holds a
    /// queue and a slot that is free.
    2 => submit(place: u32, address: usize, request: usize, reply: usize);
    /// As [`submit`], but the device gets to see it only with the next request
    /// that is submitted, or when the queue is armed.
    3 => add(place: u32, address: usize, request: usize, reply: usize);
    /// Takes a request that has come back: its slot in the upper half, in the
    /// lower how much the device says it has written; negative if there is none.
    4 => poll(queue: u32);
    /// The same, but has the device interrupt when one comes back, if there is
    /// none. It gets to see all that was added, too.
    5 => arm(queue: u32);
    /// The same as [`poll`], but looks again and again for a little while.
    6 => spin(queue: u32);
    /// With `test-hooks`: touches memory as the hooks module says.
    7 => hook(kind: u32, address: usize, argument: usize);
}
