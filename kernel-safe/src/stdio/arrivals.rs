//! Standard input between the device and who reads it.
//!
//! The bytes stay where the device wrote them until they are read, and are
//! copied once, into the reader's memory.

use super::framing::Framing;
use crate::drivers::DriverError;
use crate::errno::Errno;

/// How many pieces a reader takes at once: a driver that brings byte by byte, or
/// nothing at all, keeps nobody else waiting.
pub const PIECES_MAX: usize = 16;

/// Where pieces come from, and go back to.
pub trait Supply {
    /// Bytes that have come in, until they are given back.
    type Piece;

    /// Takes a piece that has come in, and its size; none if nothing has.
    ///
    /// # Errors
    ///
    /// There is no device, or its driver failed.
    fn take(&mut self) -> Result<Option<(Self::Piece, usize)>, DriverError>;

    /// Gives a piece back.
    ///
    /// # Errors
    ///
    /// The driver failed.
    fn give_back(&mut self, piece: Self::Piece) -> Result<(), DriverError>;

    /// The byte at `at` of a piece.
    fn byte(&self, piece: &Self::Piece, at: usize) -> u8;
}

/// What has come in and was not read yet.
#[derive(Debug)]
pub struct Arrivals<P> {
    framing: Framing,
    current: Option<Current<P>>,
}

/// The piece that is being read.
#[derive(Debug)]
struct Current<P> {
    piece: P,
    read: usize,
    size: usize,
}

/// Bytes that are next.
#[derive(Debug)]
pub struct Next<'a, P> {
    /// The piece that they are in.
    pub piece: &'a P,
    /// Where in it they begin.
    pub at: usize,
    /// How many there are.
    pub size: usize,
}

impl<P> Arrivals<P> {
    /// Before the first byte.
    pub const fn new() -> Arrivals<P> {
        Arrivals {
            framing: Framing::Length,
            current: None,
        }
    }

    /// Whether no more bytes will come in.
    pub fn has_ended(&self) -> bool {
        self.framing.is_at_end()
    }

    /// Whether there are bytes, or the end was reached.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn is_ready<S: Supply<Piece = P>>(&mut self, supply: &mut S) -> Result<bool, Errno> {
        let mut pieces = PIECES_MAX;
        let has_next = self.next(supply, &mut pieces)?.is_some();
        let is_ready = has_next || self.has_ended();
        // There may be more, of which nobody would be told.
        // DEFENCE: input-empty
        if pieces == 0 && !is_ready {
            return Err(Errno::Device);
        }
        Ok(is_ready)
    }

    /// The bytes that are next, as far as they lie together; none if nothing
    /// has come, or nothing will. Takes pieces as long as `pieces` lasts.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn next<S: Supply<Piece = P>>(
        &mut self,
        supply: &mut S,
        pieces: &mut usize,
    ) -> Result<Option<Next<'_, P>>, Errno> {
        while !self.has_input() {
            if self.has_ended() || !self.advance(supply, pieces)? {
                return Ok(None);
            }
        }
        let input = self.framing.input();
        Ok(self.current.as_ref().map(|current| Next {
            piece: &current.piece,
            at: current.read,
            size: current.left().min(input),
        }))
    }

    /// Takes note that `size` of the next bytes were read.
    pub fn consume(&mut self, size: usize) {
        self.framing.take_input(size);
        if let Some(current) = &mut self.current {
            current.read = current.read.saturating_add(size);
        }
    }

    fn has_input(&self) -> bool {
        let left = self.current.as_ref().map_or(0, Current::left);
        left.min(self.framing.input()) > 0
    }

    /// Takes a length, or the next piece; false if there is none.
    fn advance<S: Supply<Piece = P>>(
        &mut self,
        supply: &mut S,
        pieces: &mut usize,
    ) -> Result<bool, Errno> {
        match self.current.take() {
            Some(mut current) if current.left() > 0 => {
                let byte = supply.byte(&current.piece, current.read);
                current.read = current.read.saturating_add(1);
                self.framing.take_length(byte);
                self.current = Some(current);
                Ok(true)
            }
            done => {
                if let Some(Current { piece, .. }) = done {
                    supply.give_back(piece).map_err(|_| Errno::Device)?;
                }
                self.take(supply, pieces)
            }
        }
    }

    fn take<S: Supply<Piece = P>>(
        &mut self,
        supply: &mut S,
        pieces: &mut usize,
    ) -> Result<bool, Errno> {
        // DEFENCE: input-short
        let Some(left) = pieces.checked_sub(1) else {
            return Ok(false);
        };
        *pieces = left;
        match supply.take() {
            Ok(piece) => {
                self.current = piece.map(|(piece, size)| Current {
                    piece,
                    read: 0,
                    size,
                });
            }
            // There is nowhere that it could come from.
            Err(DriverError::Absent) => self.framing = Framing::End,
            Err(DriverError::Failed | DriverError::Restarted) => return Err(Errno::Device),
        }
        Ok(self.current.is_some() || self.has_ended())
    }
}

impl<P> Default for Arrivals<P> {
    fn default() -> Self {
        Arrivals::new()
    }
}

impl<P> Current<P> {
    const fn left(&self) -> usize {
        self.size.saturating_sub(self.read)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;

    use super::*;

    /// Pieces that a test puts there.
    #[derive(Default)]
    struct Wire {
        pieces: VecDeque<Vec<u8>>,
        taken: usize,
        given_back: usize,
    }

    impl Supply for Wire {
        type Piece = Vec<u8>;

        fn take(&mut self) -> Result<Option<(Vec<u8>, usize)>, DriverError> {
            let piece = self.pieces.pop_front();
            self.taken += usize::from(piece.is_some());
            Ok(piece.map(|piece| (piece.clone(), piece.len())))
        }

        fn give_back(&mut self, _: Vec<u8>) -> Result<(), DriverError> {
            self.given_back += 1;
            Ok(())
        }

        fn byte(&self, piece: &Vec<u8>, at: usize) -> u8 {
            piece[at]
        }
    }

    /// What a read of so many bytes brings.
    fn read(arrivals: &mut Arrivals<Vec<u8>>, wire: &mut Wire, most: usize) -> Vec<u8> {
        let mut input = Vec::new();
        let mut pieces = PIECES_MAX;
        while input.len() < most
            && let Some(next) = arrivals.next(wire, &mut pieces).expect("nothing fails")
        {
            let size = next.size.min(most - input.len());
            input.extend_from_slice(&next.piece[next.at..next.at + size]);
            arrivals.consume(size);
        }
        input
    }

    #[test]
    fn bytes_are_read_in_order_and_then_the_end() {
        let mut wire = Wire::default();
        let mut arrivals = Arrivals::new();
        assert_eq!(read(&mut arrivals, &mut wire, 9), b"");
        wire.pieces.push_back([3, 0, b'a', b'b', b'c', 0].into());
        assert_eq!(read(&mut arrivals, &mut wire, 2), b"ab");
        assert_eq!(read(&mut arrivals, &mut wire, 9), b"c");
        assert!(!arrivals.has_ended());
        wire.pieces.push_back([0].into());
        assert_eq!(read(&mut arrivals, &mut wire, 9), b"");
        assert!(arrivals.has_ended());
        assert_eq!(wire.given_back, 1, "the last piece is still held");
    }

    #[test]
    fn a_read_goes_on_over_pieces() {
        let mut wire = Wire::default();
        let mut arrivals = Arrivals::new();
        for piece in [&[5, 0, 1, 2][..], &[3, 4], &[5, 1, 0, 6]] {
            wire.pieces.push_back(piece.into());
        }
        assert_eq!(read(&mut arrivals, &mut wire, 9), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_driver_that_trickles_is_not_followed_for_ever() {
        for piece in [&[][..], &[7]] {
            let mut wire = Wire::default();
            let mut arrivals = Arrivals::new();
            wire.pieces.push_back([0xff, 0xff].into());
            for _ in 0..100 {
                wire.pieces.push_back(piece.into());
            }
            let bytes = read(&mut arrivals, &mut wire, usize::MAX);
            assert_eq!(wire.taken, PIECES_MAX);
            assert_eq!(bytes.len(), piece.len() * (PIECES_MAX - 1));
        }
    }

    #[test]
    fn who_brings_nothing_again_and_again_has_failed() {
        let (mut wire, mut arrivals) = (Wire::default(), Arrivals::new());
        assert_eq!(arrivals.is_ready(&mut wire), Ok(false));
        wire.pieces.resize(PIECES_MAX, Vec::new());
        assert_eq!(arrivals.is_ready(&mut wire), Err(Errno::Device));
        wire.pieces.push_back([1, 0, 7].into());
        assert_eq!(arrivals.is_ready(&mut wire), Ok(true));
    }

    /// An error is not taken for the end: the program would believe that it has
    /// read all.
    #[test]
    fn a_driver_that_fails_is_an_error_and_not_the_end() {
        /// Two pieces, if it does not fail before, and it takes none back.
        struct Bad(u8);
        impl Supply for Bad {
            type Piece = ();
            fn take(&mut self) -> Result<Option<((), usize)>, DriverError> {
                self.0 = self.0.checked_sub(1).ok_or(DriverError::Failed)?;
                Ok(Some(((), 1)))
            }
            fn give_back(&mut self, (): ()) -> Result<(), DriverError> {
                Err(DriverError::Failed)
            }
            fn byte(&self, (): &(), _: usize) -> u8 {
                0
            }
        }
        for pieces in [0, 2] {
            let mut arrivals = Arrivals::new();
            let next = arrivals.next(&mut Bad(pieces), &mut 9);
            assert_eq!(next.err(), Some(Errno::Device));
            assert!(!arrivals.has_ended());
        }
    }

    #[test]
    fn input_without_a_device_has_ended() {
        struct Nothing;
        impl Supply for Nothing {
            type Piece = ();
            fn take(&mut self) -> Result<Option<((), usize)>, DriverError> {
                Err(DriverError::Absent)
            }
            fn give_back(&mut self, (): ()) -> Result<(), DriverError> {
                Ok(())
            }
            fn byte(&self, (): &(), _: usize) -> u8 {
                0
            }
        }
        let mut arrivals = Arrivals::new();
        let next = arrivals.next(&mut Nothing, &mut 1);
        assert!(matches!(next, Ok(None)));
        assert!(arrivals.has_ended());
    }
}
