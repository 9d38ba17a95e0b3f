//! The entries of the cell `net`: the TCP/IP stack.
//!
//! A socket has a number, which the caller chooses, and a window by that:
//! [`domains::network::window`]. Names and lists pass over the desk:
//! [`domains::network::desk`]. Answers are zero or more, or a negative errno. Packets
//! that a call has to send leave with the next [`pump`].

use domains::Cell;

use crate::interface::interface;

/// What kinds of socket there are.
pub mod kind {
    /// One that listens, or connects.
    pub const STREAM: u32 = 1;
    /// One of datagrams.
    pub const DATAGRAM: u32 = 2;
    /// A window for a connection that somebody else begins.
    pub const SPARE: u32 = 3;
    /// Of IPv6, and of IPv4 as well; else of IPv4 alone.
    pub const V6: u32 = 1 << 8;
    /// Of IPv6 alone.
    pub const V6_ONLY: u32 = 1 << 9;
}

/// What the card does; bits of the `flags` of [`pump`].
pub mod card {
    /// It cuts segments of TCP over IPv4.
    pub const SEGMENTS: u32 = 1 << 0;
    /// It computes checksums of what is sent.
    pub const CHECKSUM: u32 = 1 << 1;
    /// It says whether it has looked at the checksum of what has come.
    pub const LOOKS: u32 = 1 << 2;
}

interface! {
    calls into Cell::Net;

    /// Does nothing: what a call costs.
    0 => null();
    /// Starts the stack, which has no memory yet.
    1 => start();
    /// Has it take part in the network as the desk says.
    2 => configure();
    /// The heap has `size` bytes from now on.
    3 => grant(size: usize);
    /// Opens a socket of this [`kind`]; its window has so many pages.
    4 => open(socket: u32, kind: u32, pages: u32);
    /// Gives a socket the name on the desk; `reuse` as the option says.
    5 => bind(socket: u32, reuse: u32);
    /// Connects it to the name on the desk.
    6 => connect(socket: u32);
    /// Has it take connections; so many may wait.
    7 => listen(socket: u32, backlog: u32);
    /// Takes a connection that waits: the number of its socket.
    8 => accept(socket: u32);
    /// Ends one direction or both: 0 to read, 1 to write, 2 both.
    9 => shutdown(socket: u32, how: u32);
    /// Ends a socket; its connection at once if `abort` is not zero.
    10 => close(socket: u32, abort: u32);
    /// Sets an option of [`domains::network::option`].
    11 => option(socket: u32, option: u32, value: u64);
    /// Takes the error of a socket: its number, or zero.
    12 => error(socket: u32);
    /// Sends the `size` bytes on the desk as a datagram, to the name on the desk if
    /// `has_name` is not zero.
    13 => datagram(socket: u32, size: usize, has_name: u32);
    /// Takes what the lists on the desk hold, as many as `counts` says: frames that
    /// have come, buffers to send from, sockets that were read and written. Puts
    /// frames to send and sockets that have changed there: how many, in one word.
    /// `now` is nanoseconds since boot.
    14 => pump(counts: u64, flags: u32, budget: u32, now: u64);
    /// With `test-hooks`: touches memory as the hooks module says.
    15 => hook(kind: u32, address: usize, argument: usize);
}
