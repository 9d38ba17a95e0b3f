//! The output of consoles.
//!
//! The application's bytes are copied once, into the console's window, and the
//! device reads them there. A call waits a little for it; a host that does not
//! read makes the next one find the window taken, and nothing gets lost.

use domains::windows;
use gate::clock;
use gate::driver::{self, queue};
use gate::user::{BadAddress, UserSlice};
use spin::Mutex;

use super::stall::Stall;
use super::{DRIVERS, DriverError, Drivers, alleged};

/// The most bytes that a console is sent at once.
pub const SEND_MAX: usize = windows::OUTPUT_SIZE;

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

/// Whether the device has the window of each console. Locked behind the
/// drivers.
static TAKEN: Mutex<[bool; 2]> = Mutex::new([false; 2]);

/// Sends the application's bytes, at most [`SEND_MAX`], to a console; how many:
/// none while the host does not read what it was sent before.
///
/// # Errors
///
/// None is out.
pub fn send(console: Console, bytes: UserSlice) -> Result<usize, SendError> {
    let drivers = &mut *DRIVERS.lock();
    let queue = console.queue();
    drivers.check(queue)?;
    if drivers.is_sending(console, driver::poll)? {
        return Ok(0);
    }
    let (offset, size) = (console.window(), bytes.size());
    bytes
        .read_to_frames(offset)
        .map_err(|BadAddress| SendError::BadAddress)?;
    drivers.submit(queue, 0, offset, size, 0)?;
    console.set_taken(true);
    drivers.is_sending(console, driver::wait)?;
    Ok(size)
}

/// Waits until every console has finished what it was given, as long as the
/// host goes on reading.
pub fn flush() {
    for console in [Console::Main, Console::Error] {
        let mut stall = Stall::new(clock::monotonic_ns());
        loop {
            let sending = DRIVERS.lock().is_sending(console, driver::wait);
            let unfinished = i64::from(sending == Ok(true));
            if !stall.is_worth_waiting(unfinished, clock::monotonic_ns()) {
                break;
            }
            core::hint::spin_loop();
        }
    }
}

impl From<DriverError> for SendError {
    fn from(error: DriverError) -> SendError {
        SendError::Console(error)
    }
}

impl Console {
    const fn queue(self) -> u32 {
        match self {
            Console::Main => queue::OUTPUT,
            Console::Error => queue::ERRORS,
        }
    }

    const fn window(self) -> usize {
        windows::output(self as usize)
    }

    fn is_taken(self) -> bool {
        let [main, error] = *TAKEN.lock();
        match self {
            Console::Main => main,
            Console::Error => error,
        }
    }

    fn set_taken(self, is_taken: bool) {
        let [main, error] = &mut *TAKEN.lock();
        match self {
            Console::Main => *main = is_taken,
            Console::Error => *error = is_taken,
        }
    }
}

impl Drivers {
    /// Whether the device still has what it was given, as `ask` says.
    fn is_sending(
        &mut self,
        console: Console,
        ask: fn(u32) -> Result<i64, driver::Faulted>,
    ) -> Result<bool, DriverError> {
        if !console.is_taken() {
            return Ok(false);
        }
        let come = alleged(self.call(|| ask(console.queue()))?)?;
        console.set_taken(come.is_none());
        Ok(come.is_none())
    }
}
