//! Sleeping until something comes back by a queue of a console.
//!
//! Such a queue interrupts only after it was armed, and whoever takes what has come
//! turns that off again. He may do so just when the device has put it there and
//! has not looked whether it shall interrupt: then no interrupt comes. So he rings
//! for those who sleep. Whoever wakes looks, and arms the queue anew.
//!
//! Whoever arms a queue holds the cell, and nothing else. What rings between that and
//! his sleep he would not hear, so rings are counted: he sleeps only if none came.

use gate::cell::{Faulted, console};

use super::DriverError;
use super::handle::Held;
use crate::errno::Errno;
use crate::schedule::alarm::NEVER;
use crate::sync::{AtomicBool, AtomicU32, Ordering};
use crate::wait::Place;

#[cfg(test)]
mod tests;

/// Where threads sleep until something comes back by one queue.
#[derive(Debug)]
pub struct Bell {
    place: Place,
    /// How often it rang.
    rings: AtomicU32,
    /// Whether an interrupt is to ring it. Only whoever holds the cell changes that.
    is_armed: AtomicBool,
}

impl Bell {
    /// One that nobody hears.
    pub(super) const fn new() -> Bell {
        Bell {
            place: Place::new(),
            rings: AtomicU32::new(0),
            is_armed: AtomicBool::new(false),
        }
    }

    /// Where threads sleep.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Sleeps until the bell rings, if `arm`, which arms the queue, agrees.
    ///
    /// # Errors
    ///
    /// What `arm` says against it, it has rung meanwhile, or memory is short.
    pub fn wait(&self, arm: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        let rings = self.rings();
        arm()?;
        let is_silent = || self.check(rings);
        self.place.wait(NEVER, is_silent).map(|_| ())
    }

    /// Agrees to sleep if it has rung no more than so often.
    fn check(&self, rings: u32) -> Result<(), Errno> {
        // DEFENCE: rings-counted
        match rings == self.rings() {
            true => Ok(()),
            false => Err(Errno::Again),
        }
    }

    /// Wakes whoever sleeps: the device has interrupted.
    pub(super) fn ring(&self) {
        self.rings.fetch_add(1, Ordering::AcqRel);
        self.place.wake(usize::MAX);
    }

    fn rings(&self) -> u32 {
        self.rings.load(Ordering::Acquire)
    }

    /// Whether somebody sleeps, or is about to.
    pub(super) fn is_armed(&self) -> bool {
        self.is_armed.load(Ordering::Relaxed)
    }

    /// The queue interrupts no more: something was taken, or the cell was started
    /// anew. What those who sleep wait for may never ring.
    pub(super) fn disarm(&self) {
        // DEFENCE: taker-rings
        if self.is_armed.swap(false, Ordering::Relaxed) {
            self.ring();
        }
    }
}

impl Held<'_> {
    /// Takes what has come back by `queue`, as the cell alleges it: a slot and
    /// a size. `look` is one of the cell's ways to look.
    pub(super) fn take(
        &mut self,
        queue: u32,
        bell: &Bell,
        look: fn(u32) -> Result<i64, Faulted>,
    ) -> Result<Option<(usize, usize)>, DriverError> {
        let come = self.look(queue, || look(queue))?;
        if come.is_some() {
            bell.disarm();
        }
        Ok(come)
    }

    /// Takes what has come back. If nothing has, the bell will ring.
    pub(super) fn take_or_arm(
        &mut self,
        queue: u32,
        bell: &Bell,
    ) -> Result<Option<(usize, usize)>, DriverError> {
        let come = self.take(queue, bell, console::arm)?;
        if come.is_none() {
            bell.is_armed.store(true, Ordering::Relaxed);
        }
        Ok(come)
    }
}
