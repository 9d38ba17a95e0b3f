//! The packet that comes at the moment, which may lie in several buffers.
//!
//! The first says how many there are. That stands in memory which others can write:
//! it is read once, and only decides what is told together. What cannot be a packet
//! is told of without its size, so that its buffers come back.

use domains::network::desk::{self, FRAMES};
use domains::network::packets::{HEADER, SIZE};

/// The buffers of a packet, as far as they have come.
#[derive(Debug)]
pub(crate) struct Merge {
    frames: [u64; FRAMES],
    count: usize,
    /// How many it has; at least one once one has come.
    wanted: usize,
    is_good: bool,
}

impl Merge {
    /// No packet.
    pub(crate) const fn new() -> Merge {
        Merge {
            frames: [0; FRAMES],
            count: 0,
            wanted: 0,
            is_good: true,
        }
    }

    /// How many buffers it has, if they are all there.
    pub(crate) const fn whole(&self) -> Option<usize> {
        if self.count > 0 && self.count >= self.wanted {
            Some(self.count)
        } else {
            None
        }
    }

    /// Takes a buffer into which the device alleges to have written `size` bytes. If it
    /// is the first, `buffers` says how many the packet has, by its own account. If there
    /// is no other, it is what is to be told, and is not kept.
    pub(crate) fn add(
        &mut self,
        buffer: usize,
        size: u32,
        buffers: impl FnOnce() -> u16,
    ) -> Option<u64> {
        let least = if self.count == 0 { HEADER } else { 1 };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        // DEFENCE: nic-length
        let is_good = (least..=SIZE).contains(&size);
        if self.count == 0 {
            let buffers = if is_good { usize::from(buffers()) } else { 0 };
            // DEFENCE: nic-merged-count
            let can_be = (1..=FRAMES).contains(&buffers);
            if !can_be || buffers == 1 {
                return Some(desk::frame(buffer, if can_be { size } else { 0 }));
            }
            (self.wanted, self.is_good) = (buffers, true);
        }
        self.is_good &= is_good;
        if let Some(place) = self.frames.get_mut(self.count) {
            *place = desk::frame(buffer, size);
            self.count = self.count.saturating_add(1);
        }
        None
    }

    /// Hands its buffers to `tell`, and begins anew. If anything was wrong with one of
    /// them, none has a size.
    pub(crate) fn take(&mut self, mut tell: impl FnMut(u64)) {
        for frame in self.frames.iter().take(self.count) {
            tell(match self.is_good {
                true => *frame,
                false => desk::frame(desk::buffer_and_size(*frame).0, 0),
            });
        }
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a packet of buffers with these sizes, the first of which says
    /// that there are so many.
    fn told(sizes: &[u32], buffers: u16) -> Option<Vec<(usize, usize)>> {
        let mut merge = Merge::new();
        for (number, size) in sizes.iter().enumerate() {
            assert_eq!(merge.whole(), None, "{sizes:?}");
            if let Some(frame) = merge.add(number + 7, *size, || buffers) {
                assert_eq!(number, 0, "{sizes:?}");
                return Some(vec![desk::buffer_and_size(frame)]);
            }
        }
        merge.whole()?;
        let mut told = Vec::new();
        merge.take(|frame| told.push(desk::buffer_and_size(frame)));
        assert_eq!(merge.whole(), None);
        Some(told)
    }

    #[test]
    fn a_packet_is_told_when_it_is_whole() {
        assert_eq!(told(&[60], 1), Some(vec![(7, 60)]));
        assert_eq!(told(&[12], 1), Some(vec![(7, 12)]), "nothing but a header");
        assert_eq!(told(&[2048, 5], 2), Some(vec![(7, 2048), (8, 5)]));
        assert_eq!(told(&[2048, 2048], 3), None);
        let most = vec![2048; FRAMES];
        assert_eq!(told(&most, FRAMES as u16).map(|it| it.len()), Some(FRAMES));
    }

    #[test]
    fn a_length_that_cannot_be_gives_the_buffer_back() {
        for size in [0, 11, 2049, u32::MAX] {
            assert_eq!(told(&[size], 1), Some(vec![(7, 0)]), "{size}");
        }
        for size in [0, 2049, u32::MAX] {
            let expected = vec![(7, 0), (8, 0), (9, 0)];
            assert_eq!(told(&[2048, size, 3], 3), Some(expected), "{size}");
        }
    }

    #[test]
    fn a_number_of_buffers_that_cannot_be_gives_the_first_back() {
        for buffers in [0, FRAMES as u16 + 1, u16::MAX] {
            assert_eq!(told(&[60], buffers), Some(vec![(7, 0)]), "{buffers}");
        }
    }

    /// What stands in its buffer is as little its word as the length is.
    #[test]
    fn the_number_is_read_once_and_not_from_what_is_too_short() {
        let mut merge = Merge::new();
        let mut reads = 0;
        merge.add(0, 60, || {
            reads += 1;
            2
        });
        merge.add(1, 60, || unreachable!("it was read"));
        assert_eq!((merge.whole(), reads), (Some(2), 1));
        let mut merge = Merge::new();
        let told = merge.add(0, 3, || unreachable!("there is none"));
        assert_eq!(told, Some(desk::frame(0, 0)));
    }

    #[test]
    fn one_bad_packet_is_forgotten_with_the_next() {
        let mut merge = Merge::new();
        for (last, expected) in [(0, [0, 0]), (99, [2048, 99])] {
            assert_eq!(merge.add(0, 2048, || 2), None);
            assert_eq!(merge.add(1, last, || 2), None);
            assert_eq!(merge.whole(), Some(2));
            let mut told = Vec::new();
            merge.take(|frame| told.push(frame));
            let frames = [(0, expected[0]), (1, expected[1])];
            assert_eq!(told, frames.map(|(buffer, size)| desk::frame(buffer, size)));
        }
    }
}
