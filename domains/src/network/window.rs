//! The windows of sockets: where their bytes lie.
//!
//! A socket has a number, which the safe kernel chooses, and by that a place. What is
//! mapped there the safe kernel decides when it opens the socket: a page or more
//! for what `net` tells of it and what it has received, and for a connection as
//! much as it sends.
//!
//! ```text
//! start        what is told   CONTROL bytes
//!              received       to the end of the pages for that
//! + SEND_AT    to be sent     as many pages as were mapped there
//! ```
//!
//! `net` tells where bytes can be read and where there is room to write; the safe
//! kernel says on the desk what it has taken and written. Neither position may be
//! calculated: the stack begins anew at the front when a ring is empty.

use crate::layout::{PAGE_SIZE, Region, SOCKET_WINDOWS};

/// The most sockets.
pub const SOCKETS_MAX: usize = 8192;
/// From one window to the next.
pub const STRIDE: u64 = 1 << 20;
/// Where in a window lies what is to be sent.
pub const SEND_AT: u64 = STRIDE / 2;
/// Bytes at the start of a window in which `net` tells of the socket.
pub const CONTROL: usize = 128;
/// The most pages of either half.
pub const PAGES_MAX: usize = 64;

/// A ring of more bytes than this has one byte less than a power of two: the stack
/// fails over other large ones.
const UNSCALED_MAX: usize = 65_535;

/// What is told of a socket, by its offset; each is a word of 64 bits but for names.
/// The lower half of [`READABLE`](told::READABLE) and [`WRITABLE`](told::WRITABLE) says
/// where in the ring, the upper half how many bytes follow each other there.
pub mod told {
    /// What can be read at once.
    pub const READABLE: usize = 0;
    /// Where there is room to write.
    pub const WRITABLE: usize = 8;
    /// Bits of [`state`](super::state).
    pub const STATE: usize = 16;
    /// Of a listener: how many connections wait to be accepted.
    pub const WAITING: usize = 24;
    /// The number of the error that the socket has, zero for none.
    pub const ERROR: usize = 32;
    /// What address the socket has: a [`Name`](super::super::Name).
    pub const LOCAL: usize = 40;
    /// Whom it is connected to: a name.
    pub const PEER: usize = 64;
}

/// Bits of what a socket is at the moment.
pub mod state {
    /// It has an address.
    pub const BOUND: u64 = 1 << 0;
    /// It takes connections.
    pub const LISTENING: u64 = 1 << 1;
    /// It is being connected.
    pub const CONNECTING: u64 = 1 << 2;
    /// It is, or was, connected.
    pub const CONNECTED: u64 = 1 << 3;
    /// Behind what can be read there is the end.
    pub const READ_END: u64 = 1 << 4;
    /// Nothing can be written any more.
    pub const WRITE_END: u64 = 1 << 5;
    /// The connection is gone in both directions, or never was.
    pub const CLOSED: u64 = 1 << 6;
    /// The stack has forgotten the number after a close: it can be used again.
    pub const RELEASED: u64 = 1 << 7;
    /// Whatever was written has been acknowledged.
    pub const DRAINED: u64 = 1 << 8;
}

/// A datagram that was received: what stands in the ring in front of its bytes. Each
/// begins at a multiple of [`RECORD_ALIGN`](record::ALIGN).
pub mod record {
    /// How many bytes the datagram has: a word of 32 bits.
    pub const SIZE_AT: usize = 0;
    /// From whom: a [`Name`](super::super::Name).
    pub const NAME_AT: usize = 8;
    /// Where the bytes are.
    pub const BYTES_AT: usize = 32;
    /// What the next one begins at a multiple of.
    pub const ALIGN: usize = 8;

    /// Bytes of a record of so many bytes.
    pub const fn size(bytes: usize) -> usize {
        (BYTES_AT + bytes).next_multiple_of(ALIGN)
    }
}

/// How large the halves of a window are, in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pages {
    /// For what is told and received; one at least.
    pub receive: usize,
    /// For what is to be sent.
    pub send: usize,
}

impl Pages {
    /// Both in one word, as it passes a gate.
    pub const fn word(self) -> u32 {
        (self.send as u32) << 16 | self.receive as u32 & 0xffff
    }

    /// The pages that such a word says; none if it says what cannot be.
    pub const fn from_word(word: u32) -> Option<Pages> {
        let pages = Pages {
            receive: (word & 0xffff) as usize,
            send: (word >> 16) as usize,
        };
        let is_possible =
            pages.receive >= 1 && pages.receive <= PAGES_MAX && pages.send <= PAGES_MAX;
        if is_possible { Some(pages) } else { None }
    }

    /// How many bytes can wait to be read.
    pub const fn receive_capacity(self) -> usize {
        capacity((self.receive * PAGE_SIZE as usize).saturating_sub(CONTROL))
    }

    /// How many bytes can wait to be sent.
    pub const fn send_capacity(self) -> usize {
        capacity(self.send * PAGE_SIZE as usize)
    }
}

const fn capacity(bytes: usize) -> usize {
    if bytes <= UNSCALED_MAX {
        bytes
    } else {
        (1 << (bytes + 1).ilog2()) - 1
    }
}

/// What `net` tells of a socket.
pub const fn control(socket: usize) -> Region {
    Region::new(start(socket), CONTROL as u64)
}

/// The ring of what a socket with so many pages has received.
pub const fn received(socket: usize, pages: Pages) -> Region {
    let size = pages.receive_capacity() as u64;
    Region::new(start(socket) + CONTROL as u64, size)
}

/// The ring of what a socket with so many pages sends.
pub const fn sent(socket: usize, pages: Pages) -> Region {
    Region::new(start(socket) + SEND_AT, pages.send_capacity() as u64)
}

/// Where a window begins; a number that is too large has the place of another.
pub const fn start(socket: usize) -> u64 {
    SOCKET_WINDOWS.start + (socket % SOCKETS_MAX) as u64 * STRIDE
}

const _: () = {
    assert!(PAGES_MAX as u64 * PAGE_SIZE <= SEND_AT);
    assert!(SOCKETS_MAX as u64 * STRIDE <= SOCKET_WINDOWS.size());
};

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(receive: usize, send: usize) -> Pages {
        Pages { receive, send }
    }

    #[test]
    fn the_parts_of_a_window_lie_apart() {
        let most = pages(PAGES_MAX, PAGES_MAX);
        for socket in [0, 1, SOCKETS_MAX - 1] {
            assert_eq!(control(socket).end, received(socket, most).start);
            assert!(received(socket, most).end <= sent(socket, most).start);
            assert!(sent(socket, most).end <= start(socket) + STRIDE);
        }
        assert_eq!(start(SOCKETS_MAX), start(0));
    }

    #[test]
    fn no_ring_has_a_size_over_which_the_stack_fails() {
        for count in 1..=PAGES_MAX {
            let pages = pages(count, count);
            for size in [pages.receive_capacity(), pages.send_capacity()] {
                assert!(size <= UNSCALED_MAX || (size + 1).is_power_of_two());
                assert!(size > count * PAGE_SIZE as usize / 2 - CONTROL);
            }
        }
        assert_eq!(pages(PAGES_MAX, 0).receive_capacity(), 131_071);
        assert_eq!(pages(1, PAGES_MAX).send_capacity(), 131_071 * 2 + 1);
    }

    #[test]
    fn pages_pass_a_gate_in_one_word() {
        let most = pages(PAGES_MAX, PAGES_MAX);
        for possible in [pages(1, 0), pages(3, 7), most] {
            assert_eq!(Pages::from_word(possible.word()), Some(possible));
        }
        for word in [0, 1 << 16, 65, 65 << 16 | 1, u32::MAX] {
            assert_eq!(Pages::from_word(word), None, "{word:#x}");
        }
    }
}
