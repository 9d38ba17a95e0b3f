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
/// How often a device may take less than it is given before others have a turn.
const SHORT_MAX: usize = 16;

static HAS_SAID_SO: AtomicBool = AtomicBool::new(false);

/// Writes the application's bytes to a console; how many.
///
/// # Errors
///
/// The first of them are not the application's.
pub fn write(console: Console, bytes: UserSlice) -> Answer {
    bytes.check()?;
    let bytes = bytes.part(0, WRITE_MAX);
    write_by(
        bytes.size(),
        |written| send(console, bytes.part(written, SEND_MAX)),
        || wait::sleep_until(clock::monotonic_ns().saturating_add(BUSY_NS)),
    )
}

/// Sends `size` bytes: `send(written)` those from there on that go at once, as
/// far as the device takes them. When it takes nothing, or not all for the
/// [`SHORT_MAX`]th time, `pause` comes first: a driver that takes byte by byte
/// keeps nobody else waiting.
fn write_by(
    size: usize,
    mut send: impl FnMut(usize) -> Result<usize, Errno>,
    mut pause: impl FnMut() -> Result<(), Errno>,
) -> Answer {
    let mut written = 0;
    let mut short: usize = 0;
    while written < size {
        let most = size.saturating_sub(written).min(SEND_MAX);
        match send(written) {
            Ok(sent) => {
                written = written.saturating_add(sent);
                short = short.saturating_add(usize::from(sent < most));
                // DEFENCE: output-short
                if sent == 0 || short >= SHORT_MAX {
                    pause()?;
                    short = 0;
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a write comes to by a driver that takes at most `most` bytes at
    /// once, and how often others had a turn.
    fn write(size: usize, most: usize) -> (Answer, usize) {
        let mut pauses = 0;
        let send = |written: usize| Ok(size.saturating_sub(written).min(SEND_MAX).min(most));
        let answer = write_by(size, send, || {
            pauses += 1;
            if pauses < 100 {
                Ok(())
            } else {
                Err(Errno::Again)
            }
        });
        (answer, pauses)
    }

    #[test]
    fn who_takes_little_lets_others_run() {
        assert_eq!(write(2 * SEND_MAX, SEND_MAX), (Ok(2 * SEND_MAX as i64), 0));
        assert_eq!(write(50, 1), (Ok(50), 49 / SHORT_MAX));
        assert_eq!(write(50, 0), (Err(Errno::Again), 100));
    }
}
