//! Sending a stream of bytes.
//!
//! Bytes are copied out of the frames once, into pages that the device reads
//! in its own time. A call waits for it, so that what was written is out when
//! the call returns; a host that does not read makes the call give up waiting,
//! not the bytes get lost.

use gate::frames;
use virtio_drivers::transport::SomeTransport;

use crate::patience::Patience;
use crate::pool::{PAGE, Page};
use crate::ring::{Direction, Ring, SLOTS};

/// A ring to send by, and pages for it.
#[derive(Debug)]
pub(crate) struct Sender {
    ring: Ring,
    free: [Option<Page>; SLOTS],
}

impl Sender {
    /// Sends by queue `number`; none if it cannot be had.
    pub(crate) fn new(transport: &mut SomeTransport<'static>, number: u16) -> Option<Sender> {
        let ring = Ring::new(transport, number, Direction::ToDevice)?;
        let mut free = [const { None }; SLOTS];
        for slot in &mut free {
            *slot = Some(Page::take()?);
        }
        Some(Sender { ring, free })
    }

    /// Sends `size` bytes at `offset` of the frames; how many the device was
    /// given. Returns when it has finished with them, if that is soon.
    pub(crate) fn send(
        &mut self,
        transport: &mut SomeTransport<'static>,
        offset: usize,
        size: usize,
    ) -> usize {
        let patience = Patience::new();
        let mut sent = 0;
        while sent < size {
            let Some(page) = self.page(transport, &patience) else {
                break;
            };
            sent += self.post(page, offset + sent, size - sent);
        }
        self.ring.notify(transport);
        patience.wait(|| self.is_done().then_some(()));
        sent
    }

    /// Waits for the device to finish, if that is soon; how many pages it has
    /// not finished.
    pub(crate) fn flush(&mut self) -> usize {
        Patience::new().wait(|| self.is_done().then_some(()));
        self.ring.in_flight()
    }

    /// A page to fill.
    fn page(
        &mut self,
        transport: &mut SomeTransport<'static>,
        patience: &Patience,
    ) -> Option<Page> {
        self.collect();
        if let Some(page) = self.free.iter_mut().find_map(Option::take) {
            return Some(page);
        }
        self.ring.notify(transport);
        patience.wait(|| self.ring.reap()).map(|(page, _)| page)
    }

    /// Fills a page with at most `size` bytes and posts it; how many.
    fn post(&mut self, mut page: Page, offset: usize, size: usize) -> usize {
        let size = size.min(PAGE);
        let is_read = frames::read(offset, &mut page.bytes_mut()[..size]);
        assert!(is_read, "the caller has compared the range with the frames");
        let posted = self.ring.post(page, size);
        assert!(posted.is_ok(), "a ring has a slot for each page");
        size
    }

    /// Takes back what the device has finished; whether that is everything.
    fn is_done(&mut self) -> bool {
        self.collect();
        self.ring.is_idle()
    }

    fn collect(&mut self) {
        while let Some((page, _)) = self.ring.reap() {
            let slot = self.free.iter_mut().find(|slot| slot.is_none());
            *slot.expect("there are as many slots as pages") = Some(page);
        }
    }
}
