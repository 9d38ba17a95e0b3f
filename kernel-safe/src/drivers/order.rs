//! The pieces of a console's input, in the order in which they were given.
//!
//! A console fills them in that order, for what it brings is a stream.

use domains::windows::INPUTS;

/// Pieces, each once, with a size.
#[derive(Debug)]
pub(super) struct Order {
    pieces: [(usize, usize); INPUTS],
    count: usize,
}

impl Order {
    /// None.
    pub(super) const fn new() -> Order {
        Order {
            pieces: [(0, 0); INPUTS],
            count: 0,
        }
    }

    /// Adds a piece behind the others; nothing if there are too many.
    pub(super) fn push(&mut self, piece: usize, size: usize) {
        if let Some(place) = self.pieces.get_mut(self.count) {
            *place = (piece, size);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<(usize, usize)> {
        let first = self.iter().next()?;
        self.remove(first.0);
        Some(first)
    }

    /// Takes this one out.
    pub(super) fn remove(&mut self, piece: usize) {
        let place = self.iter().position(|(it, _)| it == piece);
        if let Some(place) = place {
            self.pieces.copy_within(place.saturating_add(1).., place);
            self.count = self.count.saturating_sub(1);
        }
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        self.pieces.iter().take(self.count).copied()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn pieces_leave_in_the_order_in_which_they_came() {
        let mut order = Order::new();
        (0..INPUTS).for_each(|piece| order.push(piece, piece * 10));
        order.push(99, 0);
        order.remove(0);
        order.remove(7);
        order.remove(7);
        let left: Vec<_> = core::iter::from_fn(|| order.pop()).collect();
        let expected = (0..INPUTS).filter(|piece| ![0, 7].contains(piece));
        assert_eq!(
            left,
            expected
                .map(|piece| (piece, piece * 10))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn there_is_always_room_again() {
        let mut order = Order::new();
        for round in 0..100 {
            order.push(round % INPUTS, 0);
            assert_eq!(order.pop(), Some((round % INPUTS, 0)));
        }
        assert_eq!(order.pop(), None);
    }
}
