//! Calls into the unsafe kernel, which may lie or fail.
//!
//! One caller at a time. Bytes pass through windows of the frames, each for one
//! queue of a device; the window of a request is its holder's until the request
//! has come back. After the first fault the unsafe kernel is not called again:
//! whatever state it is in, it is not sound.

mod bell;
pub mod channel;
mod console;
mod entropy;
mod input;
mod interrupts;
mod stall;
mod storm;

use gate::driver::{self, Faulted};
use spin::Mutex;

pub use bell::Bell;
pub use console::{Console, SEND_MAX, SendError, flush, send, wait_to_send};
pub use entropy::random;
pub use input::{ARRIVAL, Piece, give_back, receive, receive_or_arm};
pub use interrupts::{have_failed, on_devices, on_failure};

/// Why a device did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DriverError {
    /// The machine has no such device.
    Absent,
    /// The driver faulted or refused.
    Failed,
}

/// Nothing has come back yet.
const AGAIN: i64 = -11;

static DRIVERS: Mutex<Drivers> = Mutex::new(Drivers {
    queues: 0,
    has_failed: false,
});

#[derive(Debug)]
struct Drivers {
    /// The queues that there are, a bit for each.
    queues: i64,
    has_failed: bool,
}

/// Finds and starts the devices.
pub fn start() {
    let mut drivers = DRIVERS.lock();
    let queues = drivers.call(driver::start);
    drivers.queues = queues.unwrap_or(0).max(0);
}

#[cfg(feature = "test-hooks")]
/// Has the unsafe kernel do what a test says.
pub fn hook(kind: u32, address: usize, argument: usize) -> Result<i64, DriverError> {
    DRIVERS
        .lock()
        .call(|| driver::hook(kind, address, argument))
}

impl Drivers {
    fn check(&self, queue: u32) -> Result<(), DriverError> {
        if self.queues >> (queue & 31) & 1 == 0 {
            Err(DriverError::Absent)
        } else {
            Ok(())
        }
    }

    fn call(
        &mut self,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<i64, DriverError> {
        if self.has_failed {
            return Err(DriverError::Failed);
        }
        call().map_err(|Faulted| {
            self.has_failed = true;
            // DEFENCE: failure-told
            interrupts::note_failure();
            DriverError::Failed
        })
    }

    /// Gives the device of `queue` a request: `request` bytes at `offset` of the
    /// frames, and room for `reply` bytes behind them.
    fn submit(
        &mut self,
        queue: u32,
        slot: u32,
        offset: usize,
        request: usize,
        reply: usize,
    ) -> Result<(), DriverError> {
        let place = driver::queue::with_slot(queue, slot);
        self.give(|| driver::submit(place, offset, request, reply))
    }

    /// Makes a call that gives a device something.
    fn give(&mut self, call: impl FnOnce() -> Result<i64, Faulted>) -> Result<(), DriverError> {
        match self.call(call)? {
            0 => Ok(()),
            _ => Err(DriverError::Failed),
        }
    }
}

/// What has come back, as the driver alleges it: a slot and a size; none if
/// nothing has.
fn alleged(word: i64) -> Result<Option<(usize, usize)>, DriverError> {
    match word {
        AGAIN => Ok(None),
        0.. => {
            interrupts::note_come();
            let part = |word: i64| usize::try_from(word).unwrap_or(usize::MAX);
            Ok(Some((part(word >> 32), part(word & 0xffff_ffff))))
        }
        _ => Err(DriverError::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_slot_and_a_size_or_says_why_not() {
        assert_eq!(alleged(3 << 32 | 7), Ok(Some((3, 7))));
        assert_eq!(alleged(AGAIN), Ok(None));
        assert_eq!(alleged(-5), Err(DriverError::Failed));
    }

    /// Who brings something may interrupt as often as he likes.
    #[test]
    fn what_has_come_back_is_counted() {
        let before = interrupts::come();
        assert_eq!(alleged(0), Ok(Some((0, 0))));
        assert!(interrupts::come() > before);
    }

    #[test]
    fn a_queue_is_there_if_the_driver_has_started_it() {
        let drivers = Drivers {
            queues: 0b101,
            has_failed: false,
        };
        assert_eq!([0, 2].map(|queue| drivers.check(queue)), [Ok(()); 2]);
        for absent in [1, 3, 31] {
            assert_eq!(drivers.check(absent), Err(DriverError::Absent));
        }
    }

    #[test]
    fn a_driver_that_does_not_take_something_has_failed() {
        let mut drivers = Drivers {
            queues: 1,
            has_failed: false,
        };
        assert_eq!(drivers.give(|| Ok(0)), Ok(()));
        for refusal in [1, AGAIN, -5, i64::MAX, i64::MIN] {
            assert_eq!(drivers.give(|| Ok(refusal)), Err(DriverError::Failed));
        }
    }

    #[test]
    fn after_a_fault_nobody_is_called() {
        let mut drivers = Drivers {
            queues: 1,
            has_failed: false,
        };
        assert_eq!(drivers.call(|| Ok(1)), Ok(1));
        assert_eq!(drivers.call(|| Err(Faulted)), Err(DriverError::Failed));
        let mut calls = 0;
        let reply = drivers.call(|| {
            calls += 1;
            Ok(1)
        });
        assert_eq!((reply, calls), (Err(DriverError::Failed), 0));
    }
}
