//! Writing standard output and standard error.
//!
//! Each has a console of its own. Where that is missing, or its cell was
//! given up, the core's own console takes the output, with a line that says so.
//! A host that does not read makes the writer wait, and nobody else.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::core_call;
use gate::user::UserSlice;

use crate::drivers::{self, Console, DriverError, SendError};
use crate::errno::Errno;
use crate::{events, report, schedule};

/// Bytes that go to the core's console at once: they lie on the kernel's stack.
const PIECE: usize = 240;

static HAS_SAID_SO: AtomicBool = AtomicBool::new(false);

/// Lets others run until the host has read.
pub fn pause(console: Console) {
    match drivers::wait_to_send(console) {
        Ok(()) => {}
        // Where the cell fails whenever it has been started anew, for ever.
        Err(Errno::Again) => events::let_others_run(),
        // No memory to wait with: look again and again.
        Err(_) => schedule::yield_now(),
    }
}

/// Prints on the core's own console what another did not take; how many bytes.
///
/// # Errors
///
/// They are not the application's.
pub fn divert(why: SendError, bytes: UserSlice) -> Result<usize, Errno> {
    match why {
        SendError::BadAddress => Err(Errno::BadAddress),
        SendError::Console(why) => {
            say_so(why);
            print(bytes)
        }
    }
}

/// Says once why output comes to the core's own console.
fn say_so(why: DriverError) {
    let why = match why {
        DriverError::Absent => "there is no console device",
        DriverError::Failed | DriverError::Restarted => "the cell `console` has failed",
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
