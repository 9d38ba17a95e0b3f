//! The buffers in which frames lie, which `nic`, its device and `net` reach.
//!
//! A buffer is known by its number. It begins with the header of virtio-net, of
//! [`HEADER`] bytes, and the frame stands behind that. The safe kernel knows who has
//! which buffer; the cells allege.

use crate::layout::{PACKETS, PAGE_SIZE, Region};

/// Bytes of the header in front of a frame (virtio 1.2, 5.1.6).
pub const HEADER: usize = 12;

/// How many buffers are there to receive.
pub const RECEIVE: usize = 256;
/// How many are there to send.
pub const TRANSMIT: usize = 128;
/// How many are there to send segments that the device cuts up.
pub const LARGE: usize = 8;
/// How many buffers there are: first those to receive, then those to send, and last
/// the large ones.
pub const COUNT: usize = RECEIVE + TRANSMIT + LARGE;

/// Bytes of a buffer.
pub const SIZE: usize = 2048;
/// Bytes of a large one.
pub const LARGE_SIZE: usize = 17 * PAGE_SIZE as usize;

/// Where the first large buffer lies.
const LARGE_START: usize = (RECEIVE + TRANSMIT) * SIZE;

/// Bytes of all buffers that are not large, which are whole pages.
pub const SMALL_BYTES: usize = LARGE_START;
/// Bytes of all buffers.
pub const BYTES: usize = LARGE_START + LARGE * LARGE_SIZE;

/// Where a buffer lies; a number that is too large has the place of the last.
pub const fn buffer(number: usize) -> Region {
    let number = if number < COUNT { number } else { COUNT - 1 };
    let (offset, size) = if is_large(number) {
        let place = number - RECEIVE - TRANSMIT;
        (LARGE_START + place * LARGE_SIZE, LARGE_SIZE)
    } else {
        (number * SIZE, SIZE)
    };
    Region::new(PACKETS.start + offset as u64, size as u64)
}

/// Whether the buffer is there to receive.
pub const fn is_to_receive(number: usize) -> bool {
    number < RECEIVE
}

/// Whether the buffer is a large one.
pub const fn is_large(number: usize) -> bool {
    number >= RECEIVE + TRANSMIT && number < COUNT
}

const _: () = assert!(SMALL_BYTES.is_multiple_of(PAGE_SIZE as usize));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_follow_each_other() {
        assert_eq!(buffer(0).start, PACKETS.start);
        for number in 1..COUNT {
            assert_eq!(buffer(number - 1).end, buffer(number).start);
        }
        let end = PACKETS.start + BYTES as u64;
        assert_eq!(buffer(COUNT - 1).end, end);
        assert!(end <= PACKETS.end);
        assert_eq!(buffer(COUNT), buffer(COUNT - 1));
    }

    #[test]
    fn a_buffer_is_of_one_kind() {
        assert!(is_to_receive(RECEIVE - 1) && !is_to_receive(RECEIVE));
        assert!(!is_large(RECEIVE + TRANSMIT - 1) && is_large(COUNT - 1));
        assert!(!is_large(COUNT));
    }
}
