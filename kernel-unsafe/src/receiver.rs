//! Receiving a stream of bytes.
//!
//! The device always has pages to write to, except those whose bytes have not
//! been asked for yet.

use gate::frames;
use virtio_drivers::transport::SomeTransport;

use crate::pool::{PAGE, Page};
use crate::ring::{Direction, Ring};

/// A ring to receive by, and the page that is being read.
#[derive(Debug)]
pub(crate) struct Receiver {
    ring: Ring,
    current: Option<Received>,
}

/// A page that came back, as far as it was not read.
#[derive(Debug)]
struct Received {
    page: Page,
    start: usize,
    end: usize,
}

impl Receiver {
    /// Receives by queue `number` with so many pages; none if it cannot be had.
    pub(crate) fn new(
        transport: &mut SomeTransport<'static>,
        number: u16,
        pages: usize,
    ) -> Option<Receiver> {
        let mut ring = Ring::new(transport, number, Direction::FromDevice)?;
        for _ in 0..pages {
            ring.post(Page::take()?, PAGE).ok()?;
        }
        Some(Receiver {
            ring,
            current: None,
        })
    }

    /// Tells the device of the pages that it has from the start.
    pub(crate) fn start(&self, transport: &mut SomeTransport<'static>) {
        self.ring.notify(transport);
    }

    /// Puts at most `size` received bytes into the frames at `offset`; how
    /// many, zero if there are none yet.
    pub(crate) fn receive(
        &mut self,
        transport: &mut SomeTransport<'static>,
        offset: usize,
        size: usize,
    ) -> usize {
        fill(size, |done, size| {
            let mut received = self.next()?;
            let copied = received.copy(offset + done, size);
            if received.start < received.end {
                self.current = Some(received);
            } else {
                self.give_back(transport, received.page);
            }
            Some(copied)
        })
    }

    fn next(&mut self) -> Option<Received> {
        let from_ring = || {
            let (page, end) = self.ring.reap()?;
            Some(Received {
                page,
                start: 0,
                end,
            })
        };
        self.current.take().or_else(from_ring)
    }

    fn give_back(&mut self, transport: &mut SomeTransport<'static>, page: Page) {
        let posted = self.ring.post(page, PAGE);
        assert!(posted.is_ok(), "the page has left its slot free");
        self.ring.notify(transport);
    }
}

/// Does `part(done, left)` until `size` bytes are there or a part brings none;
/// how many there are. A device may give back empty pages for ever.
fn fill(size: usize, mut part: impl FnMut(usize, usize) -> Option<usize>) -> usize {
    let mut done = 0;
    while done < size {
        match part(done, size - done) {
            // DEFENCE: receive-empty
            Some(more) if more > 0 => done += more,
            _ => break,
        }
    }
    done
}

impl Received {
    /// Copies at most `size` bytes to the frames at `offset`; how many.
    fn copy(&mut self, offset: usize, size: usize) -> usize {
        let size = size.min(self.end - self.start);
        let bytes = &self.page.bytes()[self.start..self.start + size];
        let is_written = frames::write(offset, bytes);
        assert!(
            is_written,
            "the caller has compared the range with the frames"
        );
        self.start += size;
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_pages_end_a_read() {
        let mut pages = [3, 0, 4].into_iter();
        assert_eq!(
            fill(10, |_, left| pages.next().map(|page| left.min(page))),
            3
        );
        assert_eq!(pages.next(), Some(4));
        let mut asked = 0;
        let nothing = |_, _| {
            asked += 1;
            assert!(asked < 10, "asked for ever");
            Some(0)
        };
        assert_eq!((fill(10, nothing), asked), (0, 1));
        assert_eq!(fill(10, |_, left| Some(left.min(4))), 10);
    }
}
