//! Writing standard output and standard error.
//!
//! Each has a console of its own. Where that is missing, or its cell was
//! given up, the core's own console takes the output, with a line that says so.
//! A host that does not read makes the writer wait, and nobody else.

use core::sync::atomic::{AtomicBool, Ordering};

use gate::core_call;
use gate::user::UserSlice;

use crate::drivers::{self, Console, DriverError, SendError, TRIES};
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

/// Prints on the core's own console what another did not take; how many bytes. None
/// if its cell was started anew, for the first of so many `restarts`: then it may take
/// them.
///
/// # Errors
///
/// They are not the application's.
#[cold]
pub fn divert(why: SendError, bytes: UserSlice, restarts: &mut u32) -> Result<usize, Errno> {
    // DEFENCE: restarts-counted
    *restarts = restarts.saturating_add(1);
    match why {
        SendError::BadAddress => Err(Errno::BadAddress),
        SendError::Console(why) if may_try_again(why, *restarts) => Ok(0),
        SendError::Console(why) => {
            say_so(why);
            print(bytes)
        }
    }
}

/// Whether the console may take them after all, when its cell was started anew so
/// often.
fn may_try_again(why: DriverError, restarts: u32) -> bool {
    // DEFENCE: output-tries-have-an-end
    why == DriverError::Restarted && restarts < TRIES
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_that_is_started_anew_is_not_tried_for_ever() {
        let tries = |why| (1..).find(|restarts| !may_try_again(why, *restarts));
        assert_eq!(tries(DriverError::Restarted), Some(TRIES));
        assert_eq!(tries(DriverError::Failed), Some(1));
        assert_eq!(tries(DriverError::Absent), Some(1));
    }

    #[test]
    fn every_restart_is_counted() {
        let (none, mut restarts) = (UserSlice::new(0, 0), 0);
        for count in 1..TRIES {
            let why = SendError::Console(DriverError::Restarted);
            assert_eq!(divert(why, none, &mut restarts), Ok(0));
            assert_eq!(restarts, count);
        }
    }
}
