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

/// Bits of the result of [`start`].
pub mod device {
    /// Console 0: standard input and output.
    pub const CONSOLE: i64 = 1 << 0;
    /// Console 1: standard error.
    pub const ERROR_CONSOLE: i64 = 1 << 1;
    /// A source of entropy.
    pub const ENTROPY: i64 = 1 << 2;
}

/// What servers behind a channel speak, as [`channel_kind`] answers it.
pub mod channel {
    /// How many channels there can be.
    pub const CHANNELS: usize = domains::boot::VOLUMES_MAX;
    /// How many requests a channel carries at once.
    pub const SLOTS: usize = 4;
    /// The most pages that a request and its reply lie in.
    pub const PAGES_MAX: usize = 20;
    /// The reply begins at the next multiple of this behind the request.
    pub const REPLY_ALIGN: usize = 64;

    /// 9P2000.L.
    pub const NINEP: i64 = 1;
    /// FUSE.
    pub const FUSE: i64 = 2;

    /// A channel and a slot in one word.
    pub const fn with_slot(channel: u32, slot: u32) -> u32 {
        channel << 8 | slot & 0xff
    }
}

interface! {
    calls through to_unsafe -> Result<i64, Faulted>;

    /// Does nothing: what a call costs.
    0 => null();
    /// Finds and starts the devices; which there are, as bits of [`device`].
    1 => start();
    /// Sends `size` bytes at `offset` of the frames to a console; how many.
    2 => console_write(console: u32, offset: usize, size: usize);
    /// Receives at most `size` bytes into the frames at `offset`; how many.
    3 => console_read(console: u32, offset: usize, size: usize);
    /// Fills the frames at `offset` with at most `size` random bytes from a
    /// device; how many.
    4 => entropy(offset: usize, size: usize);
    /// Acknowledges device interrupts and lets them come again.
    5 => acknowledge();
    /// Waits, not for long, until a console has finished what it was given; how
    /// many buffers it has not.
    6 => console_flush(console: u32);
    /// What the server behind channel number `channel` speaks: a number of
    /// [`channel`].
    10 => channel_kind(channel: u32);
    /// Sends a request of `request` bytes at `offset` of the frames, for the slot
    /// in `channel`; a reply of at most `reply` bytes goes behind it.
    11 => channel_submit(channel: u32, offset: usize, request: usize, reply: usize);
    /// Takes a reply that has come: its slot in the upper half, its size in the
    /// lower; a negative number if there is none.
    12 => channel_poll(channel: u32);
    /// With `test-hooks`: touches memory as the hooks module says.
    120 => hook(kind: u32, address: usize, argument: usize);
}

const _: () = assert!(
    entry_names::agree(NAMES, entry_names::DRIVERS),
    "reports would name another entry"
);
