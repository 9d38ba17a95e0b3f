//! Calls into the unsafe kernel, which may lie or fail.
//!
//! One caller at a time. Data passes through windows of the frames that are
//! the caller's while it holds the lock; a window of a channel is its holder's
//! until a reply was taken. After the first fault the unsafe kernel is not
//! called again: whatever state it is in, it is not sound.

pub mod channel;
mod console;
mod entropy;
mod stall;
mod windows;

use gate::driver::{self, Faulted};
use gate::frames;
use spin::Mutex;

pub use console::{Console, SEND_MAX, SendError, flush, receive, send};
pub use entropy::random;

/// Why a device did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DriverError {
    /// The machine has no such device.
    Absent,
    /// The driver faulted or refused.
    Failed,
}

static DRIVERS: Mutex<Drivers> = Mutex::new(Drivers {
    devices: 0,
    has_failed: false,
});

#[derive(Debug)]
struct Drivers {
    /// Bits of [`device`].
    devices: i64,
    has_failed: bool,
}

/// Finds and starts the devices.
pub fn start() {
    let mut drivers = DRIVERS.lock();
    let devices = drivers.call(driver::start);
    drivers.devices = devices.unwrap_or(0).max(0);
}

/// Lets device interrupts come again.
///
/// # Errors
///
/// There are no drivers any more: nobody else will hear of a device.
pub fn acknowledge() -> Result<(), DriverError> {
    DRIVERS.lock().call(driver::acknowledge).map(|_| ())
}

#[cfg(feature = "test-hooks")]
/// Has the unsafe kernel do what a test says.
pub fn hook(kind: u32, address: usize, argument: usize) -> Result<i64, DriverError> {
    DRIVERS
        .lock()
        .call(|| driver::hook(kind, address, argument))
}

impl Drivers {
    fn check(&self, device: i64) -> Result<(), DriverError> {
        if self.devices & device == 0 {
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
            DriverError::Failed
        })
    }

    /// Takes what the driver says it put into the frames.
    fn copy_out(
        &self,
        offset: usize,
        received: i64,
        buffer: &mut [u8],
    ) -> Result<usize, DriverError> {
        let size = alleged(received, buffer.len()).ok_or(DriverError::Failed)?;
        let part = buffer.get_mut(..size).ok_or(DriverError::Failed)?;
        if frames::read(offset, part) {
            Ok(size)
        } else {
            Err(DriverError::Failed)
        }
    }
}

/// A count that the driver alleges, if it can be true.
fn alleged(count: i64, most: usize) -> Option<usize> {
    usize::try_from(count).ok().filter(|count| *count <= most)
}

#[cfg(test)]
mod tests {
    use gate::driver::device;

    use super::*;

    #[test]
    fn a_count_that_cannot_be_true_is_refused() {
        assert_eq!(alleged(3, 3), Some(3));
        assert_eq!(alleged(4, 3), None);
        assert_eq!(alleged(-5, 3), None);
    }

    #[test]
    fn after_a_fault_nobody_is_called() {
        let mut drivers = Drivers {
            devices: device::CONSOLE,
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
