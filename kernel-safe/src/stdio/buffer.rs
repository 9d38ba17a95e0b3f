//! Standard input between the device and who reads it.

use alloc::collections::{TryReserveError, VecDeque};

use super::framing::Framing;

/// What has come in and was not read yet.
#[derive(Debug)]
pub struct InputBuffer {
    bytes: VecDeque<u8>,
    framing: Framing,
}

impl InputBuffer {
    /// How many bytes it holds at most.
    pub const CAPACITY: usize = 4096;

    /// An empty buffer, before the first byte.
    pub const fn new() -> InputBuffer {
        InputBuffer {
            bytes: VecDeque::new(),
            framing: Framing::Length,
        }
    }

    /// Makes sure that there is memory for all it can hold.
    ///
    /// # Errors
    ///
    /// There is not.
    pub fn reserve(&mut self) -> Result<(), TryReserveError> {
        let more = Self::CAPACITY.saturating_sub(self.bytes.len());
        self.bytes.try_reserve_exact(more)
    }

    /// How many bytes it can take.
    pub fn room(&self) -> usize {
        Self::CAPACITY.saturating_sub(self.bytes.len())
    }

    /// Takes bytes as the device brought them, at most [`InputBuffer::room`].
    pub fn take_in(&mut self, wire: &[u8]) {
        let bytes = &mut self.bytes;
        self.framing.decode(wire, |part| bytes.extend(part));
    }

    /// The bytes that are next, as far as they lie together.
    pub fn next(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    /// Forgets the next `size` bytes, which were read.
    pub fn consume(&mut self, size: usize) {
        self.bytes.drain(..size.min(self.bytes.len()));
    }

    /// Whether a read would not wait.
    pub fn is_ready(&self) -> bool {
        !self.bytes.is_empty() || self.has_ended()
    }

    /// Whether no more bytes will come in.
    pub fn has_ended(&self) -> bool {
        self.framing.is_at_end()
    }

    /// Ends the input: there is nowhere that it could come from.
    pub fn end(&mut self) {
        self.framing = Framing::End;
    }
}

impl Default for InputBuffer {
    fn default() -> Self {
        InputBuffer::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_in_order_and_then_the_end() {
        let mut buffer = InputBuffer::new();
        assert!(!buffer.is_ready());
        buffer.take_in(&[3, 0, b'a', b'b', b'c', 0]);
        assert_eq!(buffer.next(), b"abc");
        buffer.consume(2);
        assert_eq!(buffer.next(), b"c");
        assert!(!buffer.has_ended());
        buffer.take_in(&[0]);
        assert!(buffer.has_ended(), "known before the last byte is read");
        assert_eq!(buffer.next(), b"c");
        buffer.consume(9);
        assert!(buffer.next().is_empty());
        assert!(buffer.is_ready());
    }

    #[test]
    fn room_shrinks_with_what_is_held() {
        let mut buffer = InputBuffer::new();
        buffer.take_in(&[2, 0, 1, 2]);
        assert_eq!(buffer.room(), InputBuffer::CAPACITY - 2);
    }
}
