//! What one thing is waited at: a line of its own.
//!
//! Whatever can be waited for has a place, so that nobody else's waiters are
//! in the way of who comes, leaves or is woken.

use spin::Mutex;

use super::sleep_in;
use crate::errno::Errno;
use crate::line::Line;
use crate::line::links::Ticket;
use crate::schedule;
use crate::thread::{Outcome, ThreadRef};

/// Where threads wait for one thing.
#[derive(Debug)]
pub struct Place(Mutex<Line<ThreadRef>>);

impl Place {
    /// A place where nobody waits.
    pub const fn new() -> Place {
        Place(Mutex::new(Line::new()))
    }

    /// Sleeps until the place is woken or `deadline` comes, if `check` agrees.
    ///
    /// # Errors
    ///
    /// What `check` says against it, or memory is short.
    pub fn wait(
        &self,
        deadline: u64,
        check: impl FnOnce() -> Result<(), Errno>,
    ) -> Result<Outcome, Errno> {
        sleep_in(&self.0, deadline, check, Line::add, Line::remove)
    }

    /// Wakes at most `most` threads that wait here; how many.
    ///
    /// The caller lets them run, by [`schedule::give_way`], when it can.
    pub fn wake(&self, most: usize) -> usize {
        let mut line = self.0.lock();
        let waiters = core::iter::from_fn(|| line.take());
        waiters
            .filter(|thread| {
                thread.call();
                schedule::wake(*thread)
            })
            .take(most)
            .count()
    }

    /// Enters a thread that is awake; the ticket to leave with.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub(super) fn enter(&self, thread: ThreadRef) -> Result<Ticket, Errno> {
        Ok(self.0.lock().add(thread)?)
    }

    /// Takes a thread out, if nobody has. From here on nobody calls it from
    /// this place.
    pub(super) fn leave(&self, ticket: Ticket, thread: ThreadRef) {
        self.0.lock().remove(ticket, thread);
    }
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}
