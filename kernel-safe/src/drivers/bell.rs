//! Sleeping until something comes back by a queue of a console.
//!
//! Such a queue interrupts only after it was armed, and who takes what has come
//! turns that off again. He may do so just when the device has put it there and
//! has not looked whether it shall interrupt: then no interrupt comes. So he
//! tells those who sleep, by [`Bell::tell`]. Who wakes looks, and arms the queue
//! anew.
//!
//! Who arms a queue does it under the lock of the place where he will sleep, so
//! that nothing comes in between. The cell is locked behind that place.

use gate::cell::{Faulted, console};
use spin::Mutex;

use super::{DriverError, Held};
use crate::errno::Errno;
use crate::schedule::alarm::NEVER;
use crate::wait::Place;

#[cfg(test)]
mod tests;

/// Where threads sleep until something comes back by one queue.
#[derive(Debug)]
pub struct Bell {
    place: Place,
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
            promise: Mutex::new(Promise::NONE),
        }
    }

    /// Where threads sleep.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Sleeps until the bell rings, if `check`, which arms the queue, agrees.
    ///
    /// # Errors
    ///
    /// What `check` says against it, or memory is short.
    pub fn wait(&self, check: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        self.place.wait(NEVER, check).map(|_| ())
    }

    /// Wakes who sleeps: the device has interrupted.
    pub(super) fn ring(&self) {
        self.place.wake(usize::MAX);
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

impl Held {
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
