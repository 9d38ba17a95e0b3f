//! Sleeping until something comes back by a queue of a console.
//!
//! Such a queue interrupts only after it was armed, and who takes what has come
//! turns that off again. He may do so just when the device has put it there and
//! has not looked whether it shall interrupt: then no interrupt comes. So he
//! tells those who sleep, by [`Bell::tell`]. Who wakes looks, and arms the queue
//! anew.
//!
//! Who arms a queue holds the cell, and nothing else. What rings between that and
//! his sleep he would not hear, so rings are counted: he sleeps only if none came.

use core::sync::atomic::{AtomicU32, Ordering};

use gate::cell::{Faulted, console};
use spin::Mutex;

use super::DriverError;
use super::handle::Held;
use crate::errno::Errno;
use crate::schedule::alarm::NEVER;
use crate::wait::Place;

#[cfg(test)]
mod tests;

/// Where threads sleep until something comes back by one queue.
#[derive(Debug)]
pub struct Bell {
    place: Place,
    /// How often it rang.
    rings: AtomicU32,
    promise: Mutex<Promise>,
}

/// What those who sleep are owed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Promise {
    /// An interrupt is to wake them.
    is_armed: bool,
    /// It may never come: they are to be told.
    is_broken: bool,
}

impl Bell {
    /// One that nobody hears.
    pub(super) const fn new() -> Bell {
        Bell {
            place: Place::new(),
            rings: AtomicU32::new(0),
            promise: Mutex::new(Promise::NONE),
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

    /// Wakes who sleeps: the device has interrupted.
    pub(super) fn ring(&self) {
        self.rings.fetch_add(1, Ordering::AcqRel);
        self.place.wake(usize::MAX);
    }

    fn rings(&self) -> u32 {
        self.rings.load(Ordering::Acquire)
    }

    /// The cell was started anew, and its queue is not armed: whoever sleeps is to
    /// look once more.
    pub(super) fn reset(&self) {
        *self.promise.lock() = Promise::NONE;
    }

    /// Wakes who sleeps if what they sleep for was taken, or will not come. Who
    /// has looked, with that result, calls this, without locks.
    pub fn tell<T, E>(&self, looked: &Result<T, E>) {
        if self.is_owed(looked) {
            self.ring();
        }
    }

    /// Whether those who sleep are to be told, by who has looked with that
    /// result.
    fn is_owed<T, E>(&self, looked: &Result<T, E>) -> bool {
        self.promise.lock().is_due() || looked.is_err()
    }
}

impl Promise {
    const NONE: Promise = Promise {
        is_armed: false,
        is_broken: false,
    };

    /// The queue was armed.
    const fn make(&mut self) {
        self.is_armed = true;
    }

    /// Something was taken, which turned interrupts off.
    const fn take(&mut self) {
        self.is_broken |= self.is_armed;
        self.is_armed = false;
    }

    /// Whether those who sleep are to be told now.
    const fn is_due(&mut self) -> bool {
        core::mem::replace(&mut self.is_broken, false)
    }
}

impl Held<'_> {
    /// Whether somebody sleeps, or is about to: the queue is armed.
    pub(super) fn has_armed(&self, bell: &Bell) -> bool {
        // Nobody arms a queue while another holds the cell.
        bell.promise.lock().is_armed
    }

    /// Takes what has come back by `queue`, as the driver alleges it: a slot and
    /// a size. `look` is one of the driver's ways to look.
    pub(super) fn take(
        &mut self,
        queue: u32,
        bell: &Bell,
        look: fn(u32) -> Result<i64, Faulted>,
    ) -> Result<Option<(usize, usize)>, DriverError> {
        let come = self.look(queue, || look(queue))?;
        if come.is_some() {
            bell.promise.lock().take();
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
            bell.promise.lock().make();
        }
        Ok(come)
    }
}
