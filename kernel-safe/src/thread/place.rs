//! What one thing is waited at: a line of its own.
//!
//! Whatever can be waited for has a place, so that nobody else's waiters are
//! in the way of who comes, leaves or is woken. Threads stand at places, and
//! have places themselves, where others wait for them: so both are known here.
//! How a thread sleeps at a place, and is woken there, is told where waiting is.

use super::ThreadRef;
use crate::errno::Errno;
use crate::line::Line;
use crate::line::links::Ticket;
use crate::sync::Mutex;

/// Where threads wait for one thing.
#[derive(Debug)]
pub struct Place(Mutex<Line<ThreadRef>>);

impl Place {
    /// A place where nobody waits.
    pub const fn new() -> Place {
        Place(Mutex::new(Line::new()))
    }

    /// Who waits here. While it is locked nobody comes, goes or is woken.
    pub(crate) const fn waiters(&self) -> &Mutex<Line<ThreadRef>> {
        &self.0
    }

    /// Enters a thread that is awake; the ticket to leave with.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn enter(&self, thread: ThreadRef) -> Result<Ticket, Errno> {
        Ok(self.0.lock().add(thread)?)
    }

    /// Takes a thread out, if nobody has. From here on nobody calls it from
    /// this place.
    pub fn leave(&self, ticket: Ticket, thread: ThreadRef) {
        self.0.lock().remove(ticket, thread);
    }
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}
