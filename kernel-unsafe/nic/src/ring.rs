//! A queue of the card, and who has which buffer.
//!
//! A frame is one descriptor: header and packet follow each other in its buffer. What
//! the device alleges to have used is compared with what it was given: a token that
//! it does not have, or has used before, ends all faith in it.
//!
//! Each core call by which a device hears of something costs more than all else
//! here. So buffers to receive into wait until there are some of them, as long as the
//! device has others; it hears of frames to send at once.

use core::marker::PhantomData;
use core::mem;
use core::ptr;
use core::slice;

use domains::device::QUEUE_SIZE_MAX;
use domains::network::desk;
use domains::network::packets;
use virtio_drivers::transport::Transport;

use crate::reach::Reach;
use crate::rings::Rings;

/// Which way the frames of a queue go; known where it is compiled, so that nothing is
/// left of what is done for the other.
pub(crate) trait Way {
    /// The number of the queue, the same for every card.
    const NUMBER: u16;
    /// How many frames are given at once, at least, while the device has enough.
    const BATCH: u16;

    /// Calls `then` with a frame as the queue wants to see it.
    fn with_piece<T>(
        frame: u64,
        then: impl for<'a> FnOnce(&'a [&'a [u8]], &'a mut [&'a mut [u8]]) -> T,
    ) -> T;
}

/// The device writes the frames: the buffers are there to receive into.
#[derive(Debug)]
pub(crate) struct In;

/// The device reads the frames.
#[derive(Debug)]
pub(crate) struct Out;

impl Way for In {
    const NUMBER: u16 = 0;
    const BATCH: u16 = 8;

    #[inline(always)]
    fn with_piece<T>(
        frame: u64,
        then: impl for<'a> FnOnce(&'a [&'a [u8]], &'a mut [&'a mut [u8]]) -> T,
    ) -> T {
        let (buffer, _) = desk::buffer_and_size(frame);
        let start = packets::buffer(buffer).start as usize;
        // SAFETY: buffers stay mapped. The queue takes address and length of the slice
        // and looks at no byte, nor does anybody here.
        let taken = unsafe {
            slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), packets::SIZE)
        };
        then(&[], &mut [taken])
    }
}

impl Way for Out {
    const NUMBER: u16 = 1;
    const BATCH: u16 = 1;

    #[inline(always)]
    fn with_piece<T>(
        frame: u64,
        then: impl for<'a> FnOnce(&'a [&'a [u8]], &'a mut [&'a mut [u8]]) -> T,
    ) -> T {
        let (buffer, size) = desk::buffer_and_size(frame);
        let start = packets::buffer(buffer).start as usize;
        // SAFETY: as above.
        let given = unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(start), size) };
        then(&[given], &mut [])
    }
}

/// The device does what it must not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Broken;

/// With fewer than that a device has not enough.
const FEW: u16 = 64;

/// No frame.
const NONE: u64 = u64::MAX;

/// A queue.
#[derive(Debug)]
pub(crate) struct Ring<R: Reach, W: Way> {
    way: PhantomData<W>,
    device: usize,
    rings: Option<Rings<R>>,
    /// The frame behind each token.
    held: [u64; QUEUE_SIZE_MAX as usize],
    /// How many the device knows of, and how many it does not.
    known: u16,
    new: u16,
    /// Whether interrupts are wanted, and whether the device has heard that they are.
    wants: bool,
    has_heard: bool,
}

impl<R: Reach, W: Way> Ring<R, W> {
    /// One that is not set up.
    pub(crate) const fn new() -> Ring<R, W> {
        Ring {
            way: PhantomData,
            device: 0,
            rings: None,
            held: [NONE; QUEUE_SIZE_MAX as usize],
            known: 0,
            new: 0,
            wants: false,
            has_heard: false,
        }
    }

    /// Sets it up; whether device number `device` has such a queue.
    pub(crate) fn open<T: Transport>(&mut self, transport: &mut T, device: usize) -> bool {
        self.device = device;
        R::next_queue(device, W::NUMBER);
        self.rings = Rings::new(transport, W::NUMBER);
        self.wants = true;
        self.want_interrupts(false);
        self.rings.is_some()
    }

    /// Gives the device a frame, which it does not hear of yet; false if there is no
    /// entry left for it.
    pub(crate) fn give(&mut self, frame: u64) -> bool {
        let Some(rings) = &mut self.rings else {
            return false;
        };
        let token = W::with_piece(frame, |given, taken| {
            // SAFETY: buffers stay mapped; see `with_piece`.
            unsafe { rings.add(given, taken) }
        });
        let held = token.and_then(|token| self.held.get_mut(usize::from(token)));
        if let Some(held) = held {
            *held = frame;
            self.new = self.new.saturating_add(1);
            return true;
        }
        false
    }

    /// Takes a frame that the device has used, and how many bytes it alleges to have
    /// written.
    pub(crate) fn take(&mut self) -> Result<Option<(u64, u32)>, Broken> {
        let Some(rings) = &mut self.rings else {
            return Ok(None);
        };
        let Some(token) = rings.peek() else {
            return Ok(None);
        };
        let held = self.held.get_mut(usize::from(token));
        // DEFENCE: nic-completion-once
        let frame = held.map_or(NONE, |held| mem::replace(held, NONE));
        if frame == NONE {
            // The core looks, too, and gives the device up.
            R::publish(self.device, W::NUMBER);
            return Err(Broken);
        }
        let size = W::with_piece(frame, |given, taken| {
            // SAFETY: this is the piece that was added for the token.
            unsafe { rings.pop(token, given, taken) }
        });
        self.known = self.known.saturating_sub(1);
        Ok(Some((frame, size.ok_or(Broken)?)))
    }

    /// Whether there is something to take.
    pub(crate) fn has_used(&self) -> bool {
        self.rings.as_ref().is_some_and(Rings::has_used)
    }

    /// Whether the device shall interrupt when it has used something.
    pub(crate) fn want_interrupts(&mut self, are_wanted: bool) {
        if are_wanted != self.wants
            && let Some(rings) = &mut self.rings
        {
            self.wants = are_wanted;
            rings.want_interrupts(are_wanted);
        }
    }

    /// Has the core give the device what is new, if it shall hear of it now.
    pub(crate) fn tell(&mut self) -> Result<(), Broken> {
        if self.is_due() {
            self.publish()
        } else {
            Ok(())
        }
    }

    /// Has the core give the device what is new.
    pub(crate) fn publish(&mut self) -> Result<(), Broken> {
        if !R::publish(self.device, W::NUMBER) {
            return Err(Broken);
        }
        self.known = self.known.saturating_add(mem::take(&mut self.new));
        self.has_heard = self.wants;
        Ok(())
    }

    const fn is_due(&self) -> bool {
        let can_wait = self.new < W::BATCH && self.known >= FEW;
        self.wants && !self.has_heard || self.new > 0 && !can_wait
    }
}
