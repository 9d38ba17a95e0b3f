//! A queue of sockets in which each stands once at most.

use alloc::collections::{TryReserveError, VecDeque};
use alloc::vec::Vec;

/// Sockets in a row.
#[derive(Debug, Default)]
pub(super) struct Queue {
    row: VecDeque<u32>,
    /// Which sockets stand there.
    is_in: Vec<bool>,
}

impl Queue {
    /// Makes room for all sockets below `count`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        let more = count.saturating_sub(self.is_in.len());
        self.is_in.try_reserve(more)?;
        self.row.try_reserve(count.saturating_sub(self.row.len()))?;
        self.is_in.resize(self.is_in.len().max(count), false);
        Ok(())
    }

    /// Puts a socket for which there is room at the end, unless it is there.
    pub(super) fn put(&mut self, socket: u32) {
        if self.mark(socket) {
            self.row.push_back(socket);
        }
    }

    /// Puts it in front, unless it is there.
    pub(super) fn put_first(&mut self, socket: u32) {
        if self.mark(socket) {
            self.row.push_front(socket);
        }
    }

    /// Takes the first.
    pub(super) fn take(&mut self) -> Option<u32> {
        let socket = self.row.pop_front()?;
        if let Some(is_in) = self.is_in.get_mut(socket as usize) {
            *is_in = false;
        }
        Some(socket)
    }

    /// Whether nobody stands there.
    pub(super) fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Whether it was not there, and there is room.
    fn mark(&mut self, socket: u32) -> bool {
        let place = self.is_in.get_mut(socket as usize);
        place.is_some_and(|is_in| !core::mem::replace(is_in, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_there_once() {
        let mut queue = Queue::default();
        queue.reserve(4).expect("there is memory");
        for socket in [1, 3, 1, 2, 3, 9] {
            queue.put(socket);
        }
        queue.put_first(2);
        queue.put_first(0);
        let mut all = Vec::new();
        while let Some(socket) = queue.take() {
            all.push(socket);
        }
        assert_eq!(all, [0, 1, 3, 2]);
        queue.put(1);
        assert!(!queue.is_empty());
    }
}
