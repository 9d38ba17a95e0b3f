//! The rings of a queue, as many entries as the device allows.

use domains::device::QUEUE_SIZE_MAX;
use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::Transport;

use crate::reach::Reach;

/// Entries of a queue.
const LARGE: usize = QUEUE_SIZE_MAX as usize;
/// Those of a queue whose device allows no more; with fewer there is no driving it.
const SMALL: usize = 64;

/// Rings of one size or the other.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are two, and nothing to allocate with"
)]
pub(crate) enum Rings<R: Reach> {
    Large(VirtQueue<R, LARGE>),
    Small(VirtQueue<R, SMALL>),
}

/// Does the same with rings of either size.
macro_rules! with {
    ($rings:expr, $queue:ident => $do:expr) => {
        match $rings {
            Rings::Large($queue) => $do,
            Rings::Small($queue) => $do,
        }
    };
}

impl<R: Reach> Rings<R> {
    /// Sets up queue `number` of a device; none if it has no such queue, or a tiny one.
    /// Without the feature by which both sides say at which entry they want to hear of
    /// more: there, `VirtQueue` overlooks when the index has come round.
    pub(crate) fn new<T: Transport>(device: &mut T, number: u16) -> Option<Rings<R>> {
        let rings = match device.max_queue_size(number) as usize {
            LARGE.. => Rings::Large(VirtQueue::new(device, number, false, false).ok()?),
            SMALL.. => Rings::Small(VirtQueue::new(device, number, false, false).ok()?),
            _ => return None,
        };
        device.queue_used(number).then_some(rings)
    }

    /// Makes a piece of memory available: its token; none if there is no entry left.
    ///
    /// # Safety
    ///
    /// As for [`VirtQueue::add`].
    #[inline(always)]
    pub(crate) unsafe fn add<'b>(
        &mut self,
        given: &[&'b [u8]],
        taken: &mut [&'b mut [u8]],
    ) -> Option<u16> {
        // SAFETY: forwarded to the caller.
        with!(self, queue => unsafe { queue.add(given, taken) }).ok()
    }

    /// The token of what the device alleges to have used next, if it has used anything.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u16> {
        with!(self, queue => queue.peek_used())
    }

    /// Whether the device has used anything that was not taken.
    pub(crate) fn has_used(&self) -> bool {
        with!(self, queue => queue.can_pop())
    }

    /// Takes what [`peek`](Rings::peek) has named: how many bytes the device alleges to
    /// have written. None if it alleges another one now.
    ///
    /// # Safety
    ///
    /// The pieces must be those that were added for the token.
    #[inline(always)]
    pub(crate) unsafe fn pop<'a>(
        &mut self,
        token: u16,
        given: &'a [&'a [u8]],
        taken: &'a mut [&'a mut [u8]],
    ) -> Option<u32> {
        // SAFETY: forwarded to the caller.
        with!(self, queue => unsafe { queue.pop_used(token, given, taken) }).ok()
    }

    /// Says whether interrupts are wanted. The device hears it with what is published
    /// next.
    pub(crate) fn want_interrupts(&mut self, are_wanted: bool) {
        with!(self, queue => queue.set_dev_notify(are_wanted));
    }
}
