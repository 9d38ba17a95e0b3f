//! Writing standard output and standard error.
//!
//! Each has a console of its own. Where that is missing, or its driver has
//! failed, the core's own console takes the output, with a line that says so.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::core_call;
use gate::user::UserSlice;

use crate::drivers::{self, Console, SEND_MAX, SendError};
use crate::errno::{Answer, Errno, count};
use crate::report;

/// The most bytes that one request writes; the caller asks again. It bounds how
/// long other threads wait.
const WRITE_MAX: usize = 2 * SEND_MAX;
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
    let mut written = 0;
    while written < bytes.size() {
        let part = bytes.part(written, SEND_MAX);
        match send(console, part) {
            Ok(()) => written = written.saturating_add(part.size()),
            Err(errno) if written == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    count(written)
}

fn send(console: Console, bytes: UserSlice) -> Result<(), Errno> {
    match drivers::send(console, bytes) {
        Ok(()) => Ok(()),
        Err(SendError::BadAddress) => Err(Errno::BadAddress),
        Err(SendError::Failed(sent)) => print(bytes.part(sent, usize::MAX)),
    }
}

/// Prints bytes on the core's own console.
fn print(bytes: UserSlice) -> Result<(), Errno> {
    if !HAS_SAID_SO.swap(true, Ordering::Relaxed) {
        report::say(format_args!("no console: output continues here"));
    }
    let mut printed = 0;
    while printed < bytes.size() {
        let part = bytes.part(printed, PIECE);
        let mut piece = [0; PIECE];
        let piece = piece.get_mut(..part.size()).ok_or(Errno::Invalid)?;
        part.read(piece)?;
        core_call::print(piece);
        printed = printed.saturating_add(part.size());
    }
    Ok(())
}
