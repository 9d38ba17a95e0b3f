//! Writing standard output and standard error.
//!
//! Each has a console of its own. Where that is missing, or its driver has
//! failed, the core's own console takes the output, with a line that says so.
//! A host that does not read makes the writer wait, and nobody else.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::core_call;
use gate::user::UserSlice;

use crate::drivers::{self, Console, DriverError, SEND_MAX, SendError};
use crate::errno::{Answer, Errno, count};
use crate::{report, schedule};

/// The most bytes that one request writes; the caller asks again. It bounds how
/// long other threads wait.
pub const WRITE_MAX: usize = 4 * SEND_MAX;
/// Bytes that go to the core's console at once: they lie on the kernel's stack.
const PIECE: usize = 240;

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
        || pause(console),
    )
}

/// Sends `size` bytes: `send(written)` those from there on that go at once. When
/// nothing does, `pause` comes first.
fn write_by(
    size: usize,
    mut send: impl FnMut(usize) -> Result<usize, Errno>,
    mut pause: impl FnMut(),
) -> Answer {
    let mut written: usize = 0;
    while written < size {
        match send(written) {
            Ok(0) => pause(),
            Ok(sent) => written = written.saturating_add(sent),
            Err(errno) if written == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    count(written)
}

/// Lets others run until the host has read.
fn pause(console: Console) {
    match drivers::wait_to_send(console) {
        Ok(()) | Err(Errno::Again) => {}
        // No memory to wait with: look again and again.
        Err(_) => schedule::yield_now(),
    }
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
        DriverError::Failed | DriverError::Restarted => "the console's driver has failed",
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

    /// What a write of so many bytes comes to by a console that has just taken
    /// bytes every other time, and how often others had a turn.
    fn write(size: usize) -> (Answer, usize) {
        let (mut asked, mut pauses) = (0, 0);
        let send = |written: usize| {
            asked += 1;
            Ok((asked % 2) * SEND_MAX.min(size.saturating_sub(written)))
        };
        let answer = write_by(size, send, || pauses += 1);
        (answer, pauses)
    }

    #[test]
    fn who_cannot_write_lets_others_run() {
        assert_eq!(write(SEND_MAX), (Ok(SEND_MAX as i64), 0));
        assert_eq!(write(3 * SEND_MAX - 1), (Ok(3 * SEND_MAX as i64 - 1), 2));
    }

    /// Who got an error for it would write what is out once more.
    #[test]
    fn an_error_counts_only_before_anything_is_out() {
        for (good, answer) in [(0, Err(Errno::BadAddress)), (1, Ok(7)), (2, Ok(14))] {
            let send = |written| match written < 7 * good {
                true => Ok(7),
                false => Err(Errno::BadAddress),
            };
            let pause = || panic!("something is sent, or refused");
            assert_eq!(write_by(SEND_MAX, send, pause), answer);
        }
    }
}
