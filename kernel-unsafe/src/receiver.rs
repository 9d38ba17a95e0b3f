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
        let mut done = 0;
        while done < size {
            let Some(mut received) = self.next() else {
                break;
            };
            done += received.copy(offset + done, size - done);
            if received.start < received.end {
                self.current = Some(received);
            } else {
                self.give_back(transport, received.page);
            }
        }
        done
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
