//! The desks of `nic` and `net`: lists and small things that a call is about.
//!
//! A desk is a window of the cell, mapped at boot. Whoever calls has put there what
//! the call reads, and takes from there what it brings: both copy once.

use crate::layout::PAGE_SIZE;

/// The most frames that cross at once.
pub const FRAMES: usize = 64;

/// A frame in a list: the number of its buffer, and how many bytes there are in it,
/// the header included.
pub const fn frame(buffer: usize, size: usize) -> u64 {
    (size as u64) << 16 | buffer as u64 & 0xffff
}

/// The buffer and the size that an entry of a list alleges.
pub const fn buffer_and_size(frame: u64) -> (usize, usize) {
    ((frame & 0xffff) as usize, (frame >> 16) as usize)
}

/// Up to four counts of 16 bits in one word, the first in the lowest bits.
pub const fn counts(counts: [usize; 3]) -> u64 {
    let [first, second, third] = counts;
    first as u64 & 0xffff | (second as u64 & 0xffff) << 16 | (third as u64 & 0xffff) << 32
}

/// The three counts of such a word.
pub const fn counts_of(word: u64) -> [usize; 3] {
    [
        (word & 0xffff) as usize,
        (word >> 16 & 0xffff) as usize,
        (word >> 32 & 0xffff) as usize,
    ]
}

/// In an answer beside two counts: there is more to do, and the call has to be made
/// again.
pub const MORE: u64 = 1 << 32;
/// In an answer of `nic`: the state of the link, or another setting, has changed.
pub const CHANGED: u64 = 1 << 33;
/// In an answer of `nic`: its device interrupts when something comes.
pub const ARMED: u64 = 1 << 34;
/// In an answer of `net`: connections come for which it has no window.
pub const SHORT: u64 = 1 << 33;

/// In an answer of `net`: its heap had no room for something, and it would like to be
/// granted more.
pub const POOR: u64 = 1 << 34;

/// The desk of `nic`, by offsets.
pub mod nic {
    use super::FRAMES;

    /// The card: six bytes of its address, two zero; a word of 16 bits each for the
    /// largest packet (0: not said) and for whether there is a link; four zero; and
    /// in 64 bits the features that were agreed on.
    pub const CARD: usize = 0;
    /// Bytes of that.
    pub const CARD_SIZE: usize = 24;
    /// Buffers to receive into: frames, of which the size does not count.
    pub const POSTS: usize = 64;
    /// Frames to send.
    pub const SENDS: usize = POSTS + FRAMES * 8;
    /// Frames that have come.
    pub const CAME: usize = SENDS + FRAMES * 8;
    /// Buffers that have been sent.
    pub const SENT: usize = CAME + FRAMES * 8;
    /// Bytes of all.
    pub const SIZE: usize = SENT + FRAMES * 8;
}

/// The desk of `net`, by offsets.
pub mod net {
    use super::{FRAMES, PAGE_SIZE};

    const PAGE: usize = PAGE_SIZE as usize;

    /// A [`Name`](super::super::Name) that a call is about, or brings.
    pub const NAME: usize = 0;
    /// The second name of a call that has two.
    pub const OTHER_NAME: usize = 24;
    /// When the stack wants to be called again, in nanoseconds since boot: 64 bits.
    /// All ones if it need not be.
    pub const DEADLINE: usize = 64;
    /// 32 random bytes for `configure`, which the stack mixes with what it has itself.
    pub const SEED: usize = 96;
    /// What the network is at the moment: a [`Setting`](super::super::Setting).
    pub const TOLD: usize = 128;
    /// What was given for it: a setting.
    pub const GIVEN: usize = 512;
    /// The card, as on the desk of `nic`; the address zero if there is none.
    pub const CARD: usize = 896;
    /// Frames that have come.
    pub const FRAMES_IN: usize = PAGE;
    /// Buffers to send from, which the stack has not had.
    pub const SPARES: usize = FRAMES_IN + FRAMES * 8;
    /// What was taken from windows and written to them: entries of [`DIRTY_SIZE`].
    pub const DIRTY: usize = SPARES + SPARES_MAX * 8;
    /// Frames to be sent.
    pub const FRAMES_OUT: usize = 2 * PAGE;
    /// The numbers of sockets of which there is something new: 32 bits each.
    pub const CHANGED: usize = FRAMES_OUT + FRAMES * 8;
    /// The bytes of a datagram that is sent.
    pub const DATAGRAM: usize = 3 * PAGE;

    /// The most buffers that are given at once.
    pub const SPARES_MAX: usize = 128;
    /// The most sockets in [`DIRTY`].
    pub const DIRTY_MAX: usize = 128;
    /// Bytes of an entry there: four words of 32 bits: the socket; how much was
    /// taken of what can be read; where was written; how much.
    pub const DIRTY_SIZE: usize = 16;
    /// The most sockets in [`CHANGED`].
    pub const CHANGED_MAX: usize = 256;
    /// The longest datagram.
    pub const DATAGRAM_MAX: usize = 65_535;
    /// Bytes of all.
    pub const SIZE: usize = DATAGRAM + 16 * PAGE;

    const _: () = {
        assert!(TOLD + size_of::<super::super::Setting>() <= GIVEN);
        assert!(GIVEN + size_of::<super::super::Setting>() <= CARD);
        assert!(CARD + super::nic::CARD_SIZE <= FRAMES_IN);
        assert!(DIRTY + DIRTY_MAX * DIRTY_SIZE <= FRAMES_OUT);
        assert!(CHANGED + CHANGED_MAX * 4 <= DATAGRAM);
        assert!(DATAGRAM + DATAGRAM_MAX <= SIZE);
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_buffer_and_a_size() {
        for (buffer, size) in [(0, 0), (391, 69_632), (65_535, 1 << 30)] {
            assert_eq!(buffer_and_size(frame(buffer, size)), (buffer, size));
        }
    }

    #[test]
    fn three_counts_fit_into_a_word() {
        for three in [[0, 0, 0], [64, 128, 256], [65_535, 1, 65_535]] {
            assert_eq!(counts_of(counts(three)), three);
        }
        assert_eq!(counts([1, 2, 0]) & (MORE | CHANGED | ARMED), 0);
    }
}
