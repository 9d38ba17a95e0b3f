//! Datagrams that wait to be read: records in a ring.
//!
//! A record lies in one piece. So the ring has two pieces of records at most: the first
//! one, which is told, and one that begins at the front of the ring, which becomes the
//! first when all of that was taken.

use domains::network::Name;
use domains::network::window::record;
use zerocopy::IntoBytes;

use crate::bytes;

/// The ring.
#[derive(Debug)]
pub struct Ring {
    bytes: &'static mut [u8],
    /// Where the first piece begins, and where it ends.
    first: (usize, usize),
    /// Where the piece at the front ends.
    second: usize,
}

/// A datagram did not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

impl Ring {
    /// An empty one in these bytes.
    pub const fn new(bytes: &'static mut [u8]) -> Ring {
        Ring {
            bytes,
            first: (0, 0),
            second: 0,
        }
    }

    /// Adds a datagram.
    ///
    /// # Errors
    ///
    /// There is no room for it in one piece.
    pub fn add(&mut self, name: &Name, payload: &[u8]) -> Result<(), Full> {
        let size = record::size(payload.len());
        let at = self.room_for(size).ok_or(Full)?;
        let end = at.saturating_add(size);
        let place = self.bytes.get_mut(at..end).ok_or(Full)?;
        let (head, body) = place.split_at_mut_checked(record::BYTES_AT).ok_or(Full)?;
        let size = payload.len() as u32;
        bytes::put(head, record::SIZE_AT, &[0; record::NAME_AT]);
        bytes::put(head, record::SIZE_AT, &size.to_ne_bytes());
        bytes::put(head, record::NAME_AT, name.as_bytes());
        bytes::put(body, 0, payload);
        if at == self.first.1 && self.second == 0 {
            self.first.1 = end;
        } else {
            self.second = end;
        }
        Ok(())
    }

    /// Where a record of so many bytes can lie.
    fn room_for(&self, size: usize) -> Option<usize> {
        let (start, end) = self.first;
        if self.second == 0 {
            let behind = self.bytes.len().saturating_sub(end);
            if size <= behind {
                return Some(end);
            }
        }
        // What is told begins at `start`.
        let room = start.saturating_sub(self.second);
        (size <= room).then_some(self.second)
    }

    /// The first `size` bytes of what was told have been taken.
    pub fn taken(&mut self, size: usize) {
        let (start, end) = self.first;
        let start = start.saturating_add(size).min(end);
        self.first = (start, end);
        if start == end {
            self.first = (0, self.second);
            self.second = 0;
        }
    }

    /// What can be read: where it is, and how many bytes follow each other.
    pub const fn readable(&self) -> (usize, usize) {
        let (start, end) = self.first;
        (start, end.saturating_sub(start))
    }

    /// The bytes of the ring.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// The first record that can be read.
    fn first(ring: &Ring) -> Option<(Vec<u8>, usize)> {
        let (at, size) = ring.readable();
        let told = &ring.bytes()[at..at + size];
        let size = u32::from_ne_bytes(bytes::array(told, 0)?) as usize;
        let payload = told[record::BYTES_AT..record::BYTES_AT + size].to_vec();
        Some((payload, record::size(size)))
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order(
            steps in prop::collection::vec((0_usize..300, 0_usize..4), 1..300),
        ) {
            let mut ring = Ring::new(vec![0; 1024].leak());
            let mut model: VecDeque<Vec<u8>> = VecDeque::new();
            for (number, (size, takes)) in steps.into_iter().enumerate() {
                let payload = vec![number as u8; size];
                if ring.add(&Name::NONE, &payload).is_ok() {
                    model.push_back(payload);
                } else {
                    prop_assert!(!model.is_empty(), "an empty ring has room");
                }
                for _ in 0..takes {
                    let expected = model.pop_front();
                    let found = first(&ring);
                    prop_assert_eq!(found.as_ref().map(|it| &it.0), expected.as_ref());
                    ring.taken(found.map_or(0, |it| it.1));
                }
            }
            while let Some((payload, size)) = first(&ring) {
                prop_assert_eq!(Some(payload), model.pop_front());
                ring.taken(size);
            }
            prop_assert!(model.is_empty());
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        let mut ring = Ring::new(vec![0; 200].leak());
        ring.taken(usize::MAX);
        assert_eq!(ring.add(&Name::NONE, &[0; 200]), Err(Full));
        ring.add(&Name::NONE, &[0; 100]).expect("it fits");
        ring.taken(usize::MAX);
        assert_eq!(ring.readable(), (0, 0));
        ring.add(&Name::NONE, &[]).expect("it fits");
        assert_eq!(ring.readable(), (0, record::size(0)));
    }
}
