//! The entries of the unsafe kernel.

use gate::driver::Serve;

use crate::patience::Patience;
use crate::queues;
use crate::requests::{Refused, Requests};

/// The device does not behave.
const BROKEN: i64 = -5;
/// Nothing has come back, or the slot is taken.
const AGAIN: i64 = -11;
/// The range is not one of the frames.
const BAD_ADDRESS: i64 = -14;
/// There is no such queue.
const NO_DEVICE: i64 = -19;
/// There is no such entry.
#[cfg(not(feature = "test-hooks"))]
const UNKNOWN: i64 = -38;

/// Who serves the entries.
#[derive(Debug)]
pub struct Drivers;

impl Serve for Drivers {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        queues::lock().start()
    }

    fn submit(place: u32, offset: usize, request: usize, reply: usize) -> i64 {
        at_place(place, |queue, slot| {
            queue.submit(slot, offset, request, reply)
        })
    }

    fn add(place: u32, offset: usize, request: usize, reply: usize) -> i64 {
        at_place(place, |queue, slot| queue.add(slot, offset, request, reply))
    }

    fn poll(number: u32) -> i64 {
        with_queue(number, |queue| word(queue.poll()))
    }

    fn arm(number: u32) -> i64 {
        with_queue(number, |queue| word(queue.arm()))
    }

    fn spin(number: u32) -> i64 {
        with_queue(number, |queue| {
            let come = || match queue.poll() {
                Err(Refused::Busy) => None,
                come => Some(come),
            };
            word(Patience::new().wait(come).unwrap_or(Err(Refused::Busy)))
        })
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        if kind == gate::hooks::LIE {
            let number = gate::driver::queue::volume(address);
            let kind = queues::volume_kind(address);
            return with_queue(number, |queue| queue.lie.begin(argument, kind));
        }
        if kind == gate::hooks::TIME_PUBLISH {
            return with_queue(gate::driver::queue::ERRORS, |queue| {
                let ticks = crate::costs::of_publishing(queue, address);
                ticks.map_or_else(Refused::code, |ticks| ticks[argument % 2])
            });
        }
        // SAFETY: none is claimed; this feature is for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        UNKNOWN
    }
}

/// What `call` answers for a queue, if there is one.
fn with_queue(number: u32, call: impl FnOnce(&mut Requests) -> i64) -> i64 {
    queues::lock().get(number).map_or(NO_DEVICE, call)
}

/// What `call` answers for a queue and a slot in one word, if there are such.
fn at_place(place: u32, call: impl FnOnce(&mut Requests, usize) -> Result<(), Refused>) -> i64 {
    let (number, slot) = (place >> 8, place & 0xff);
    with_queue(number, |queue| {
        call(queue, slot as usize).map_or_else(Refused::code, |()| 0)
    })
}

/// A request that has come back, in one word.
fn word(come: Result<(usize, u32), Refused>) -> i64 {
    match come {
        Ok((slot, size)) => (slot as i64) << 32 | i64::from(size),
        Err(refused) => refused.code(),
    }
}

impl Refused {
    const fn code(self) -> i64 {
        match self {
            Refused::Busy => AGAIN,
            Refused::Invalid => BAD_ADDRESS,
            Refused::Broken => BROKEN,
        }
    }
}
