//! Calls into the unsafe kernel, which may lie or fail.
//!
//! One caller at a time. Data passes through windows of the frames that are
//! the caller's while it holds the lock. After the first fault the unsafe
//! kernel is not called again: whatever state it is in, it is not sound.

mod stall;

use domains::layout::PAGE_SIZE;
use gate::driver::{self, Faulted, device};
use gate::user::{BadAddress, UserSlice};
use gate::{clock, frames};
use spin::Mutex;

use stall::Stall;

/// A console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Console {
    /// Standard input and output.
    Main = 0,
    /// Standard error.
    Error = 1,
}

/// Why a device did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DriverError {
    /// The machine has no such device.
    Absent,
    /// The driver faulted or refused.
    Failed,
}

/// Why bytes were not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// They are not the application's.
    BadAddress,
    /// The console does not take them.
    Console(DriverError),
}

/// The most bytes that [`send`] takes.
pub const SEND_MAX: usize = 8 * PAGE_SIZE as usize;
/// The most bytes that [`receive`] and [`random`] bring.
pub const RECEIVE_MAX: usize = PAGE_SIZE as usize;

const OUTPUT: usize = 0;
const INPUT: usize = OUTPUT + SEND_MAX;
const RANDOM: usize = INPUT + RECEIVE_MAX;
const _: () = assert!(RANDOM + RECEIVE_MAX <= frames::SIZE);

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

/// Sends the application's bytes, at most [`SEND_MAX`], to a console; how many
/// the device took. It takes fewer while the host does not read.
///
/// # Errors
///
/// None is out.
pub fn send(console: Console, bytes: UserSlice) -> Result<usize, SendError> {
    let drivers = &mut *DRIVERS.lock();
    drivers.check(console.device())?;
    bytes
        .read_to_frames(OUTPUT)
        .map_err(|BadAddress| SendError::BadAddress)?;
    let size = bytes.size();
    let sent = drivers.call(|| driver::console_write(console as u32, OUTPUT, size))?;
    alleged(sent, size).ok_or(SendError::Console(DriverError::Failed))
}

/// Waits until every console has finished what it was given, as long as the
/// host goes on reading.
pub fn flush() {
    for console in [Console::Main, Console::Error] {
        let mut stall = Stall::new(clock::monotonic_ns());
        loop {
            let unfinished = DRIVERS.lock().unfinished(console);
            if !stall.is_worth_waiting(unfinished, clock::monotonic_ns()) {
                break;
            }
            core::hint::spin_loop();
        }
    }
}

/// Receives what has come in, as far as `buffer` has room; how many bytes.
///
/// # Errors
///
/// There is no console, or its driver failed.
pub fn receive(buffer: &mut [u8]) -> Result<usize, DriverError> {
    let size = buffer.len().min(RECEIVE_MAX);
    let mut drivers = DRIVERS.lock();
    drivers.check(device::CONSOLE)?;
    let console = Console::Main as u32;
    let received = drivers.call(|| driver::console_read(console, INPUT, size))?;
    drivers.copy_out(INPUT, received, buffer)
}

/// Fills `buffer` with random bytes from a device; how many.
///
/// # Errors
///
/// There is no such device, or its driver failed.
pub fn random(buffer: &mut [u8]) -> Result<usize, DriverError> {
    let size = buffer.len().min(RECEIVE_MAX);
    let mut drivers = DRIVERS.lock();
    drivers.check(device::ENTROPY)?;
    let received = drivers.call(|| driver::entropy(RANDOM, size))?;
    drivers.copy_out(RANDOM, received, buffer)
}

/// Lets device interrupts come again.
pub fn acknowledge() {
    // Without drivers there is nothing to acknowledge.
    let _ = DRIVERS.lock().call(driver::acknowledge);
}

#[cfg(feature = "test-hooks")]
/// Has the unsafe kernel do what a test says.
pub fn hook(kind: u32, address: usize, argument: usize) -> Result<i64, DriverError> {
    DRIVERS
        .lock()
        .call(|| driver::hook(kind, address, argument))
}

impl From<DriverError> for SendError {
    fn from(error: DriverError) -> SendError {
        SendError::Console(error)
    }
}

impl Console {
    const fn device(self) -> i64 {
        match self {
            Console::Main => device::CONSOLE,
            Console::Error => device::ERROR_CONSOLE,
        }
    }
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

    /// How many buffers a console has not finished, as its driver says.
    fn unfinished(&mut self, console: Console) -> i64 {
        let flush = || driver::console_flush(console as u32);
        let unfinished = self.check(console.device()).and_then(|()| self.call(flush));
        unfinished.unwrap_or(0)
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
