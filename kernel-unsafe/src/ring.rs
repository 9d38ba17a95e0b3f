//! One virtqueue, and the pages that the device has through it.
//!
//! A page that is posted is given away: its value moves into the ring, so that
//! no Rust reference leads to memory that the device may write. It comes back
//! when the device says so. What the device says is not believed: a token that
//! was not posted is a fault of the device, a size is cut to the page.

use core::slice;

use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::{SomeTransport, Transport};

use crate::machine::Machine;
use crate::pool::{PAGE, Page};

/// Slots of a ring.
pub(crate) const SLOTS: usize = 4;

/// The pages of a ring itself: descriptors and what is available, and what was
/// used.
pub(crate) const PAGES: usize = 2;

/// Who writes to the pages of a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    /// The driver; the device reads.
    ToDevice,
    /// The device.
    FromDevice,
}

/// A virtqueue and what is in it.
#[derive(Debug)]
pub(crate) struct Ring {
    queue: VirtQueue<Machine, SLOTS>,
    number: u16,
    direction: Direction,
    /// What the device has, by token.
    posted: [Option<Posted>; SLOTS],
}

#[derive(Debug)]
struct Posted {
    page: Page,
    size: usize,
}

impl Ring {
    /// Sets queue `number` of a device up; none if it has no such queue.
    pub(crate) fn new(
        transport: &mut SomeTransport<'static>,
        number: u16,
        direction: Direction,
    ) -> Option<Ring> {
        let mut queue = VirtQueue::new(transport, number, false, false).ok()?;
        // Sending is never waited for by interrupt.
        queue.set_dev_notify(direction == Direction::FromDevice);
        Some(Ring {
            queue,
            number,
            direction,
            posted: [const { None }; SLOTS],
        })
    }

    /// Gives the first `size` bytes of a page to the device; the page again if
    /// the ring is full.
    pub(crate) fn post(&mut self, page: Page, size: usize) -> Result<(), Page> {
        let start = page.start().as_ptr();
        // SAFETY: the page is ours, and stays valid in `posted` until it is
        // popped; nobody refers to it meanwhile.
        let bytes = unsafe { slice::from_raw_parts_mut(start, size.min(PAGE)) };
        let added = match self.direction {
            // SAFETY: as above.
            Direction::ToDevice => unsafe { self.queue.add(&[bytes], &mut []) },
            // SAFETY: as above.
            Direction::FromDevice => unsafe { self.queue.add(&[], &mut [bytes]) },
        };
        match added {
            Ok(token) => {
                self.posted[usize::from(token)] = Some(Posted { page, size });
                Ok(())
            }
            Err(_) => Err(page),
        }
    }

    /// Takes a page that the device has finished, with the size it says.
    pub(crate) fn reap(&mut self) -> Option<(Page, usize)> {
        let token = self.queue.peek_used()?;
        let slot = self.posted.get_mut(usize::from(token));
        let Posted { page, size } = slot
            .and_then(Option::take)
            .expect("the device finishes only what it was given");
        let start = page.start().as_ptr();
        // SAFETY: the device says that it has finished; nobody refers to it.
        let bytes = unsafe { slice::from_raw_parts_mut(start, size.min(PAGE)) };
        let used = match self.direction {
            // SAFETY: this is what was added for the token.
            Direction::ToDevice => unsafe { self.queue.pop_used(token, &[bytes], &mut []) },
            // SAFETY: as above.
            Direction::FromDevice => unsafe { self.queue.pop_used(token, &[], &mut [bytes]) },
        };
        let used = used.expect("the token was just seen") as usize;
        Some((page, used.min(size)))
    }

    /// Whether the device has no page of ours.
    pub(crate) fn is_idle(&self) -> bool {
        self.posted.iter().all(Option::is_none)
    }

    /// How many pages of ours the device has.
    pub(crate) fn in_flight(&self) -> usize {
        self.posted.iter().flatten().count()
    }

    /// Tells the device that there is something, if it wants to know.
    pub(crate) fn notify(&self, transport: &mut SomeTransport<'static>) {
        if self.queue.should_notify() {
            transport.notify(self.number);
        }
    }
}
