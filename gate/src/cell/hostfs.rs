//! The entries of the cell `hostfs`: servers of the host's files, by the number
//! of their volume.

use domains::Cell;

use crate::interface::interface;

interface! {
    calls into Cell::Hostfs;

    /// Does nothing: what a call costs.
    0 => null();
    /// Starts the devices; which volumes there are, a bit for each.
    1 => start();
    /// Gives the server of a volume a request: `request` bytes at `address`, in a
    /// window, for it to read, and behind them `reply` bytes for it to write.
    /// `place` holds a volume and a slot that is free.
    2 => submit(place: u32, address: usize, request: usize, reply: usize);
    /// Takes a request that has come back: its slot in the upper half, in the
    /// lower how much the server says it has written; negative if there is none.
    3 => poll(volume: u32);
    /// With `test-hooks`: touches memory as the hooks module says.
    4 => hook(kind: u32, address: usize, argument: usize);
}
