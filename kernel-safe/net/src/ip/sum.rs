//! Sums of which checksums are made (RFC 1071).
//!
//! The sum of numbers of 16 bits, where what is carried out at the top comes in again
//! below. So it does not matter how many of them are added at once, nor in which order
//! their bytes are, as long as the sum is read in the same: eight bytes take an
//! instruction, whose carry goes to the next. `smoltcp` takes two bytes at a time, which
//! for 64 KiB that come and go was a third of all instructions.

/// How many bytes are added with one carry at the end.
const BLOCK: usize = 256;

/// A sum, its bytes in the order of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Sum(u64);

impl Sum {
    /// The sum of bytes; one that is left over is followed by a zero.
    pub fn of(bytes: &[u8]) -> Sum {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut sum = Sum::default();
        for block in blocks {
            sum = sum.and_block(block);
        }
        sum.and_few(rest)
    }

    /// The sum of a header of IPv4, most of which have no options.
    pub fn of_header(header: &[u8]) -> Sum {
        match header.as_chunks::<4>() {
            (words @ [_, _, _, _, _], []) => {
                // So few words have nothing to carry out.
                let words = words.iter().map(|word| u32::from_ne_bytes(*word));
                Sum(words.map(u64::from).sum())
            }
            _ => Sum::of(header),
        }
    }

    /// Adds a block. What is carried out at its top comes in again below.
    fn and_block(self, block: &[u8; BLOCK]) -> Sum {
        let (words, _) = block.as_chunks::<8>();
        let (mut sum, mut carry) = (self.0, false);
        for word in words {
            (sum, carry) = sum.carrying_add(u64::from_ne_bytes(*word), carry);
        }
        Sum(sum).and(carry.into())
    }

    /// Adds fewer bytes than a block.
    fn and_few(mut self, bytes: &[u8]) -> Sum {
        let (words, mut rest) = bytes.as_chunks::<8>();
        for word in words {
            self = self.and(u64::from_ne_bytes(*word));
        }
        if let Some((word, behind)) = rest.split_first_chunk() {
            (self, rest) = (self.and(u32::from_ne_bytes(*word).into()), behind);
        }
        if let Some((word, behind)) = rest.split_first_chunk() {
            (self, rest) = (self.and(u16::from_ne_bytes(*word).into()), behind);
        }
        match rest.first() {
            Some(last) => self.and(u16::from_ne_bytes([*last, 0]).into()),
            None => self,
        }
    }

    /// Adds a number of 16 bits, as it is meant.
    pub fn and_number(self, number: u16) -> Sum {
        self.and(number.to_be().into())
    }

    /// Adds up to four numbers whose bytes stand as in a packet.
    pub fn and(self, numbers: u64) -> Sum {
        let (sum, is_over) = self.0.overflowing_add(numbers);
        // What is over comes in again below, and there is room for it then.
        Sum(sum.wrapping_add(is_over.into()))
    }

    /// Adds another sum.
    pub fn and_sum(self, other: Sum) -> Sum {
        self.and(other.0)
    }

    /// The sum in 16 bits, as a packet has it in the highest byte first.
    pub fn folded(self) -> u16 {
        let half = (self.0 >> 32) + (self.0 & 0xffff_ffff);
        let half = (half >> 32) + (half & 0xffff_ffff);
        let sum = (half >> 16) + (half & 0xffff);
        let sum = (sum >> 16) + (sum & 0xffff);
        u16::from_be(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smoltcp::wire::checksum;

    use super::*;

    #[test]
    fn what_is_carried_out_at_the_top_comes_in_again() {
        let most = Sum::default().and(u64::MAX).and(u64::MAX);
        assert_eq!(
            most.folded(),
            0xffff,
            "which is zero, of numbers that are not"
        );
        assert_eq!(most.and_number(7).folded(), 7);
        assert_eq!(Sum::of(&[0xff; 99]).folded(), 0xff00);
        assert_eq!(Sum::default().folded(), 0);
    }

    proptest! {
        #[test]
        fn it_is_the_same_as_two_bytes_at_a_time(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            more in prop::collection::vec(0xf0_u8.., 0..700),
        ) {
            let [first, second] = [Sum::of(&bytes), Sum::of(&more)];
            prop_assert_eq!(first.folded(), checksum::data(&bytes));
            let both = checksum::combine(&[checksum::data(&bytes), checksum::data(&more)]);
            prop_assert_eq!(first.and_sum(second).folded(), both);
        }
    }
}
