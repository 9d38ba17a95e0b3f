//! The buffers that the stack has, and the frames that wait to be taken.
//!
//! A [`Buffer`] is a token: whoever has it has the buffer, and it can be sent or given
//! back once. The ledger is what the tests look at.

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

/// Numbers of buffers, at most as many as there are.
#[derive(Debug)]
struct Stock<const N: usize> {
    numbers: [u16; N],
    count: usize,
}

/// The buffers, and where they lie.
#[derive(Debug)]
pub struct Frames<L> {
    /// Whoever lends them.
    pub lender: L,
    small: Stock<{ packets::TRANSMIT }>,
    large: Stock<{ packets::LARGE }>,
    /// Whether large ones are lent at all.
    knows_large: bool,
    /// A bit for each buffer that is here, wherever.
    has: [u64; packets::COUNT.div_ceil(64)],
    /// The frames that wait to be taken: the buffer and the size of each, from the
    /// oldest on and around.
    out: [(u16, u32); OUT],
    oldest: usize,
    waiting: usize,
}

/// How many frames can wait: as many as there are buffers for them.
const OUT: usize = packets::TRANSMIT + packets::LARGE;

impl<const N: usize> Stock<N> {
    const fn new() -> Stock<N> {
        Stock {
            numbers: [0; N],
            count: 0,
        }
    }

    /// Adds a number. The ledger sees to it that none is here twice.
    fn push(&mut self, number: u16) {
        if let Some(place) = self.numbers.get_mut(self.count) {
            *place = number;
            self.count = self.count.saturating_add(1);
        }
    }

    fn pop(&mut self) -> Option<u16> {
        self.count = self.count.checked_sub(1)?;
        self.numbers.get(self.count).copied()
    }
}

impl<L: Lender> Frames<L> {
    /// None yet.
    pub const fn new(lender: L) -> Frames<L> {
        Frames {
            lender,
            small: Stock::new(),
            large: Stock::new(),
            knows_large: false,
            has: [0; packets::COUNT.div_ceil(64)],
            out: [(0, 0); OUT],
            oldest: 0,
            waiting: 0,
        }
    }

    /// Takes over a buffer; false if it is none to send from, or is here already.
    pub fn adopt(&mut self, number: usize) -> bool {
        let is_known = number < packets::COUNT && !packets::is_to_receive(number);
        // DEFENCE: buffers-are-had-once
        if !is_known || self.has(number) {
            return false;
        }
        self.knows_large |= packets::is_large(number);
        self.put_back(number as u16);
        self.mark(number, true);
        true
    }

    /// A buffer, if one is left.
    pub fn take(&mut self, size: Size) -> Option<Buffer> {
        let number = match size {
            Size::Large => self.large.pop(),
            Size::Small if self.small.count <= RESERVE => None,
            Size::Small | Size::Reserved => self.small.pop(),
        };
        number.map(Buffer)
    }

    /// Whether there are large buffers, here or on their way.
    pub const fn knows_large(&self) -> bool {
        self.knows_large
    }

    /// Whether a large buffer is here.
    pub const fn has_large(&self) -> bool {
        self.large.count != 0
    }

    /// How many small buffers there are.
    pub const fn small_count(&self) -> usize {
        self.small.count
    }

    /// The bytes of a buffer.
    pub fn bytes(&mut self, buffer: &Buffer) -> &mut [u8] {
        let bytes = self.lender.buffer(buffer.0.into());
        bytes.unwrap_or(&mut [])
    }

    /// Has the first `size` bytes of a buffer sent.
    pub fn send(&mut self, buffer: Buffer, size: usize) {
        let place = self.oldest.saturating_add(self.waiting) % OUT;
        if let Some(place) = self.out.get_mut(place) {
            *place = (buffer.0, size as u32);
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    /// Takes a buffer back that is not needed.
    pub fn give_back(&mut self, buffer: Buffer) {
        self.put_back(buffer.0);
    }

    /// Lets go of the frame that waits longest: its buffer and its size.
    pub fn next_out(&mut self) -> Option<(usize, usize)> {
        self.waiting = self.waiting.checked_sub(1)?;
        let (number, size) = self.out.get(self.oldest).copied()?;
        self.oldest = self.oldest.saturating_add(1) % OUT;
        self.mark(number.into(), false);
        Some((number.into(), size as usize))
    }

    /// How many frames wait to be taken.
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many buffers are here, whatever for.
    pub fn count(&self) -> usize {
        self.has.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many buffers nobody uses.
    pub const fn spare_count(&self) -> usize {
        self.small.count + self.large.count
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

    fn put_back(&mut self, number: u16) {
        if packets::is_large(number.into()) {
            self.large.push(number);
        } else {
            self.small.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    fn frames() -> Frames<Bench> {
        Frames::new(Bench::new())
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
