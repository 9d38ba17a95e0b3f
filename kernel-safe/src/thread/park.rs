//! Blocking until another thread says so.
//!
//! An unblock that comes while the thread is awake is kept, so that a thread
//! that announces itself and then blocks cannot miss it.

use super::id::ThreadId;
use super::life;
use super::{Outcome, ThreadRef};
use crate::errno::{Answer, Errno};
use crate::schedule;
use crate::wait::{self, Key};

/// Sleeps until the calling thread is unblocked, or until `deadline`.
///
/// # Errors
///
/// The deadline came.
pub fn block(deadline: u64) -> Answer {
    let thread = life::current()?;
    let key = Key::unblock_of(thread.id());
    let check = || {
        if thread.take_permit() {
            Err(Errno::Again)
        } else {
            Ok(())
        }
    };
    match wait::wait(key, deadline, check) {
        Ok(Outcome::Woken) => {
            thread.take_permit();
            Ok(0)
        }
        Err(Errno::Again) => Ok(0),
        Ok(Outcome::TimedOut) => Err(Errno::TimedOut),
        Err(errno) => Err(errno),
    }
}

/// Wakes a thread that sleeps in [`block`], or will.
///
/// # Errors
///
/// There is no such thread.
pub fn unblock(id: ThreadId) -> Answer {
    life::with(id, ThreadRef::permit)?;
    wait::wake(Key::unblock_of(id), 1);
    schedule::give_way();
    Ok(0)
}
