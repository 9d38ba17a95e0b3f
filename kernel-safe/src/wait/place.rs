//! Sleeping at a place, and waking who sleeps there.

use super::sleep_in;
use crate::errno::Errno;
use crate::line::Line;
use crate::schedule;
use crate::thread::Outcome;
use crate::thread::place::Place;

impl Place {
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
        sleep_in(self.waiters(), deadline, check, Line::add, Line::remove)
    }

    /// Wakes at most `most` threads that wait here; how many.
    ///
    /// The caller lets them run, by [`schedule::give_way`], when it can.
    pub fn wake(&self, most: usize) -> usize {
        let mut line = self.waiters().lock();
        let waiters = core::iter::from_fn(|| line.take());
        waiters
            .filter(|thread| {
                thread.call();
                schedule::wake(*thread)
            })
            .take(most)
            .count()
    }
}
