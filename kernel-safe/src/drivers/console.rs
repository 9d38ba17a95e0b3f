//! Consoles.

use gate::clock;
use gate::driver::{self, device};
use gate::user::{BadAddress, UserSlice};

use super::stall::Stall;
use super::windows::{INPUT, OUTPUT, RECEIVE_MAX};
use super::{DRIVERS, DriverError, Drivers, alleged};

pub use super::windows::SEND_MAX;

/// A console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Console {
    /// Standard input and output.
    Main = 0,
    /// Standard error.
    Error = 1,
}

/// Why bytes were not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// They are not the application's.
    BadAddress,
    /// The console does not take them.
    Console(DriverError),
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
    /// How many buffers a console has not finished, as its driver says.
    fn unfinished(&mut self, console: Console) -> i64 {
        let flush = || driver::console_flush(console as u32);
        let unfinished = self.check(console.device()).and_then(|()| self.call(flush));
        unfinished.unwrap_or(0)
    }
}
