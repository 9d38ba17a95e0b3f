//! The queues of a cell, which the safe kernel knows by number.

use domains::device::feature;
use gate::cell::queue_and_slot;
use virtio_drivers::transport::Transport;

use crate::device::Device;
use crate::requests::{Interrupts, Refused, Requests};

/// The device does not behave.
const BROKEN: i64 = -5;
/// Nothing has come back, or the slot is taken.
const AGAIN: i64 = -11;
/// The range is not in the windows.
const BAD_ADDRESS: i64 = -14;
/// There is no such queue.
const NO_DEVICE: i64 = -19;
/// There is no such entry.
pub const UNKNOWN: i64 = -38;

/// The queues, `COUNT` at most.
#[derive(Debug)]
pub struct Queues<const COUNT: usize> {
    is_started: bool,
    queues: [Option<Requests>; COUNT],
}

impl<const COUNT: usize> Queues<COUNT> {
    /// None yet.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Queues<COUNT> {
        Queues {
            is_started: false,
            queues: [const { None }; COUNT],
        }
    }

    /// Has `start` set up what queues there are, once; which those are, a bit for
    /// each.
    pub fn start(&mut self, start: impl FnOnce(&mut [Option<Requests>; COUNT])) -> i64 {
        if !self.is_started {
            self.is_started = true;
            start(&mut self.queues);
        }
        let queues = self.queues.iter().enumerate();
        let there = queues.filter(|(_, queue)| queue.is_some());
        there.map(|(number, _)| 1 << number).sum()
    }

    /// What `call` answers for queue number `number`, if there is one.
    pub fn with(&mut self, number: u32, call: impl FnOnce(&mut Requests) -> i64) -> i64 {
        let queue = self.queues.get_mut(number as usize);
        queue.and_then(Option::as_mut).map_or(NO_DEVICE, call)
    }

    /// The queue and the slot that one word names.
    ///
    /// # Errors
    ///
    /// There is no such queue; what to answer.
    pub fn at(&mut self, place: u32) -> Result<(&mut Requests, usize), i64> {
        let (number, slot) = queue_and_slot(place);
        let queue = self.queues.get_mut(number as usize);
        let queue = queue.and_then(Option::as_mut).ok_or(NO_DEVICE)?;
        Ok((queue, slot as usize))
    }
}

/// Starts a device of which one queue is used; none if it does not start.
pub fn start_one(mut device: Device, number: u16, interrupts: Interrupts) -> Option<Requests> {
    device.begin(feature::VERSION_1)?;
    let requests = Requests::new(&mut device, number, interrupts)?;
    device.finish_init();
    Some(requests)
}

/// What was done with a request, in one word.
pub fn done(done: Result<(), Refused>) -> i64 {
    done.map_or_else(code, |()| 0)
}

/// A request that has come back, in one word.
pub fn word(come: Result<(usize, u32), Refused>) -> i64 {
    match come {
        Ok((slot, size)) => (slot as i64) << 32 | i64::from(size),
        Err(refused) => code(refused),
    }
}

/// Why there is none, in one word.
pub const fn code(refused: Refused) -> i64 {
    match refused {
        Refused::Busy => AGAIN,
        Refused::Invalid => BAD_ADDRESS,
        Refused::Broken => BROKEN,
    }
}
