//! Writing standard output and standard error.
//!
//! Each has a console of its own. Where that is missing, or its driver has
//! failed, the core's own console takes the output, with a line that says so.
//! A host that does not read makes the writer wait, and nobody else.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::user::UserSlice;
use gate::{clock, core_call};

use crate::drivers::{self, Console, DriverError, SEND_MAX, SendError};
use crate::errno::{Answer, Errno, count};
use crate::{report, wait};

/// The most bytes that one request writes; the caller asks again. It bounds how
/// long other threads wait.
pub const WRITE_MAX: usize = 2 * SEND_MAX;
/// Bytes that go to the core's console at once: they lie on the kernel's stack.
const PIECE: usize = 240;
/// How long a writer waits before it tries again.
const BUSY_NS: u64 = 1_000_000;

static HAS_SAID_SO: AtomicBool = AtomicBool::new(false);

/// Writes the application's bytes to a console; how many.
///
/// # Errors
///
/// The first of them are not the application's.
pub fn write(console: Console, bytes: UserSlice) -> Answer {
    bytes.check()?;
    let bytes = bytes.part(0, WRITE_MAX);
    let mut written = 0;
    while written < bytes.size() {
        match send(console, bytes.part(written, SEND_MAX)) {
            Ok(0) => wait::sleep_until(clock::monotonic_ns().saturating_add(BUSY_NS))?,
            Ok(sent) => written = written.saturating_add(sent),
            Err(errno) if written == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    count(written)
}

fn send(console: Console, bytes: UserSlice) -> Result<usize, Errno> {
    match drivers::send(console, bytes) {
        Ok(sent) => Ok(sent),
        Err(SendError::BadAddress) => Err(Errno::BadAddress),
        Err(SendError::Console(why)) => {
            say_so(why);
            print(bytes)
        }
    }
}

/// Says once why output comes to the core's own console.
fn say_so(why: DriverError) {
    let why = match why {
        DriverError::Absent => "there is no console device",
        DriverError::Failed => "the console's driver has failed",
    };
    if !HAS_SAID_SO.swap(true, Ordering::Relaxed) {
        report::say(format_args!("{why}: output continues here"));
    }
}

/// Prints bytes on the core's own console; how many.
fn print(bytes: UserSlice) -> Result<usize, Errno> {
    let mut printed = 0;
    while printed < bytes.size() {
        let part = bytes.part(printed, PIECE);
        let mut piece = [0; PIECE];
        let piece = piece.get_mut(..part.size()).ok_or(Errno::Invalid)?;
        part.read(piece)?;
        core_call::print(piece);
        printed = printed.saturating_add(part.size());
    }
    Ok(printed)
}
