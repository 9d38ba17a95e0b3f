//! The buffers that the stack has, and the frames that wait to be taken.
//!
//! A [`Buffer`] is a token: whoever has it has the buffer, and it can be sent or given
//! back once. The ledger is what the tests look at.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use domains::network::packets;

use crate::lent::Lender;

/// Small buffers that only answers of the link itself may use, so that it can speak
/// while connections have taken all others.
pub const RESERVE: usize = 4;

/// A buffer to send from.
#[derive(PartialEq, Eq, Debug)]
pub struct Buffer(u16);

/// What a buffer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// An ordinary packet.
    Small,
    /// What the link has to say itself.
    Reserved,
    /// What the card cuts into segments.
    Large,
}

/// The buffers, and where they lie.
#[derive(Debug)]
pub struct Frames<L> {
    /// Whoever lends them.
    pub lender: L,
    small: Vec<u16>,
    large: Vec<u16>,
    /// A bit for each buffer that is here, wherever.
    has: [u64; packets::COUNT.div_ceil(64)],
    out: VecDeque<(u16, u32)>,
}

impl<L: Lender> Frames<L> {
    /// None yet.
    pub const fn new(lender: L) -> Frames<L> {
        Frames {
            lender,
            small: Vec::new(),
            large: Vec::new(),
            has: [0; packets::COUNT.div_ceil(64)],
            out: VecDeque::new(),
        }
    }

    /// Makes room for all that there can be; false if there is no memory.
    #[must_use]
    pub fn prepare(&mut self) -> bool {
        let missing = |has: usize, all: usize| all.saturating_sub(has);
        let small = missing(self.small.len(), packets::TRANSMIT);
        let large = missing(self.large.len(), packets::LARGE);
        let out = missing(self.out.len(), packets::TRANSMIT + packets::LARGE);
        self.small.try_reserve_exact(small).is_ok()
            && self.large.try_reserve_exact(large).is_ok()
            && self.out.try_reserve_exact(out).is_ok()
    }

    /// Takes over a buffer; false if it is none to send from, or is here already.
    pub fn adopt(&mut self, number: usize) -> bool {
        let is_known = number < packets::COUNT && !packets::is_to_receive(number);
        if !is_known || self.has(number) {
            return false;
        }
        let stock = self.stock(number);
        // Only a stack without memory has no room.
        if stock.len() == stock.capacity() {
            return false;
        }
        stock.push(number as u16);
        self.mark(number, true);
        true
    }

    /// A buffer, if one is left.
    pub fn take(&mut self, size: Size) -> Option<Buffer> {
        let stock = match size {
            Size::Large => &mut self.large,
            Size::Small if self.small.len() <= RESERVE => return None,
            Size::Small | Size::Reserved => &mut self.small,
        };
        stock.pop().map(Buffer)
    }

    /// Whether there is a large buffer.
    pub fn has_large(&self) -> bool {
        !self.large.is_empty()
    }

    /// How many small buffers there are.
    pub const fn small_count(&self) -> usize {
        self.small.len()
    }

    /// The bytes of a buffer.
    pub fn bytes(&mut self, buffer: &Buffer) -> &mut [u8] {
        let bytes = self.lender.buffer(buffer.0.into());
        bytes.unwrap_or(&mut [])
    }

    /// Has the first `size` bytes of a buffer sent.
    pub fn send(&mut self, buffer: Buffer, size: usize) {
        if self.out.len() < self.out.capacity() {
            self.out.push_back((buffer.0, size as u32));
        } else {
            self.give_back(buffer);
        }
    }

    /// Takes a buffer back that is not needed.
    pub fn give_back(&mut self, buffer: Buffer) {
        let stock = self.stock(buffer.0.into());
        // It came from there, so there is room.
        if stock.len() < stock.capacity() {
            stock.push(buffer.0);
        }
    }

    /// Lets go of the frame that waits longest: its buffer and its size.
    pub fn next_out(&mut self) -> Option<(usize, usize)> {
        let (number, size) = self.out.pop_front()?;
        self.mark(number.into(), false);
        Some((number.into(), size as usize))
    }

    /// How many frames wait to be taken.
    pub fn waiting(&self) -> usize {
        self.out.len()
    }

    /// How many buffers are here, whatever for.
    pub fn count(&self) -> usize {
        self.has.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many buffers nobody uses.
    pub fn spare_count(&self) -> usize {
        self.small.len() + self.large.len()
    }

    /// Whether a buffer is here.
    pub fn has(&self, number: usize) -> bool {
        let word = self.has.get(number / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 != 0)
    }

    fn mark(&mut self, number: usize, is_here: bool) {
        if let Some(word) = self.has.get_mut(number / 64) {
            let bit = 1 << (number % 64);
            *word = if is_here { *word | bit } else { *word & !bit };
        }
    }

    fn stock(&mut self, number: usize) -> &mut Vec<u16> {
        if packets::is_large(number) {
            &mut self.large
        } else {
            &mut self.small
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    fn frames() -> Frames<Bench> {
        let mut frames = Frames::new(Bench::new());
        assert!(frames.prepare());
        frames
    }

    #[test]
    fn only_buffers_to_send_from_are_taken_and_once() {
        let mut frames = frames();
        let first = packets::RECEIVE;
        assert!(!frames.adopt(0) && !frames.adopt(packets::COUNT));
        assert!(!frames.adopt(usize::MAX));
        assert!(frames.adopt(first) && !frames.adopt(first));
        assert_eq!(frames.count(), 1);
    }

    #[test]
    fn the_last_ones_are_kept_for_the_link() {
        let mut frames = frames();
        for number in 0..=RESERVE {
            assert!(frames.adopt(packets::RECEIVE + number));
        }
        let buffer = frames.take(Size::Small).expect("one is left");
        assert_eq!(frames.take(Size::Small), None);
        assert!(frames.take(Size::Reserved).is_some());
        frames.send(buffer, 60);
        assert_eq!(frames.waiting(), 1);
        let (number, size) = frames.next_out().expect("it waits");
        assert_eq!(size, 60);
        assert!(!frames.has(number) && frames.adopt(number));
    }

    #[test]
    fn large_ones_are_a_stock_of_their_own() {
        let mut frames = frames();
        assert!(frames.adopt(packets::COUNT - 1) && frames.has_large());
        assert_eq!(frames.take(Size::Reserved), None);
        let buffer = frames.take(Size::Large).expect("there is one");
        assert_eq!(frames.bytes(&buffer).len(), packets::LARGE_SIZE);
        frames.give_back(buffer);
        assert_eq!((frames.spare_count(), frames.count()), (1, 1));
    }
}
