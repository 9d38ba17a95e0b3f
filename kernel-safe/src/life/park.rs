//! Blocking until another thread says so.
//!
//! An unblock that comes while the thread is awake is kept, so that a thread
//! that announces itself and then blocks cannot miss it.

use crate::errno::{Answer, Errno};
use crate::schedule;
use crate::thread::id::ThreadId;
use crate::thread::{Outcome, ThreadRef};

/// Sleeps until the calling thread is unblocked, or until `deadline`.
///
/// # Errors
///
/// The deadline came.
pub fn block(deadline: u64) -> Answer {
    let thread = schedule::current()?;
    let check = || {
        if thread.take_permit() {
            Err(Errno::Again)
        } else {
            Ok(())
        }
    };
    loop {
        match thread.unblocking().wait(deadline, check) {
            Ok(Outcome::Woken) if thread.take_permit() => return Ok(0),
            // Somebody meant the slot's last thread.
            Ok(Outcome::Woken) => {}
            Err(Errno::Again) => return Ok(0),
            Ok(Outcome::TimedOut) => return Err(Errno::TimedOut),
            Err(errno) => return Err(errno),
        }
    }
}

/// Wakes a thread that sleeps in [`block`], or will.
///
/// # Errors
///
/// There is no such thread.
pub fn unblock(id: ThreadId) -> Answer {
    let thread = super::with(id, ThreadRef::permit)?;
    thread.unblocking().wake(1);
    schedule::give_way();
    Ok(0)
}
