//! Counting semaphores, in the word that the application has for one.
//!
//! `sem_t` is a word of pointer size, and the peer keeps a pointer of its
//! kernel there. Here the word *is* the semaphore: its value, on which waiters
//! sleep, and how many of them there are. So there is nothing to free, nothing
//! to leak, and a free semaphore costs no crossing.

use core::sync::atomic::{AtomicU32, Ordering};

use gate::safe;
use hermit_abi::{EAGAIN, EINVAL, EOVERFLOW, ETIMEDOUT, sem_t, timespec};

use crate::errno::fail;
use crate::export::export;
use crate::futex::deadline;

/// The highest value of a semaphore.
const VALUE_MAX: u32 = i32::MAX as u32;

/// What lies in a `sem_t`.
#[derive(Debug)]
#[repr(C)]
struct Semaphore {
    value: AtomicU32,
    waiters: AtomicU32,
}

const _: () = assert!(size_of::<Semaphore>() == size_of::<sem_t>());

impl Semaphore {
    const fn new(value: u32) -> Semaphore {
        Semaphore {
            value: AtomicU32::new(value),
            waiters: AtomicU32::new(0),
        }
    }

    /// Takes one, if there is one.
    fn try_wait(&self) -> bool {
        let take = |value: u32| value.checked_sub(1);
        self.value
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, take)
            .is_ok()
    }

    /// Takes one, when there is one; false if there is none until `deadline`.
    fn wait(&self, deadline: u64) -> bool {
        // The order of the two words is what keeps a wake-up from being lost:
        // who waits says so before the value is looked at for the last time,
        // who posts raises the value before looking for waiters.
        self.waiters.fetch_add(1, Ordering::SeqCst);
        let taken = loop {
            if self.try_wait() {
                break true;
            }
            // SAFETY: the word stays valid, as the semaphore is borrowed.
            let reply =
                unsafe { safe::futex_wait(self.address(), 0, deadline, safe::futex::REALTIME) };
            if reply == -i64::from(ETIMEDOUT) {
                break self.try_wait();
            }
        };
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        taken
    }

    /// Gives one back; false if there are too many.
    fn post(&self) -> bool {
        let give = |value: u32| (value < VALUE_MAX).then_some(value + 1);
        let update = self
            .value
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, give);
        if self.waiters.load(Ordering::SeqCst) > 0 {
            // SAFETY: the address is only compared.
            unsafe { safe::futex_wake(self.address(), 1) };
        }
        update.is_ok()
    }

    fn address(&self) -> usize {
        self.value.as_ptr().expose_provenance()
    }
}

/// The semaphore in the caller's word; none if there is no word.
///
/// # Safety
///
/// `semaphore` is null or points to a `sem_t` that `sys_sem_init` filled.
unsafe fn semaphore<'a>(semaphore: *mut sem_t) -> Option<&'a Semaphore> {
    // SAFETY: forwarded to the caller; both words are only accessed atomically.
    unsafe { semaphore.cast::<Semaphore>().as_ref() }
}

export! {
    /// Makes a semaphore of `value`; sharing between processes has no meaning.
    fn sys_sem_init(place: *mut sem_t, _shared: i32, value: u32) -> i32 {
        if place.is_null() || value > VALUE_MAX {
            return fail(EINVAL);
        }
        // SAFETY: the caller gave a word, which nobody uses yet.
        unsafe { place.cast::<Semaphore>().write(Semaphore::new(value)) };
        0
    }

    /// Ends a semaphore, of which nothing is left to free.
    fn sys_sem_destroy(place: *mut sem_t) -> i32 {
        if place.is_null() { fail(EINVAL) } else { 0 }
    }

    /// Gives one back.
    fn sys_sem_post(place: *mut sem_t) -> i32 {
        // SAFETY: forwarded to the caller.
        match unsafe { semaphore(place) } {
            Some(semaphore) if semaphore.post() => 0,
            Some(_) => fail(EOVERFLOW),
            None => fail(EINVAL),
        }
    }

    /// Takes one, if there is one.
    fn sys_sem_trywait(place: *mut sem_t) -> i32 {
        // SAFETY: forwarded to the caller.
        match unsafe { semaphore(place) } {
            Some(semaphore) if semaphore.try_wait() => 0,
            Some(_) => fail(EAGAIN),
            None => fail(EINVAL),
        }
    }

    /// Takes one, when there is one; `timeout` is a time of the real-time
    /// clock, or null.
    fn sys_sem_timedwait(place: *mut sem_t, timeout: *const timespec) -> i32 {
        // SAFETY: forwarded to the caller.
        let Some(semaphore) = (unsafe { semaphore(place) }) else {
            return fail(EINVAL);
        };
        if semaphore.try_wait() {
            return 0;
        }
        // SAFETY: the caller gave a time or null.
        match unsafe { deadline(timeout) } {
            Some(deadline) if semaphore.wait(deadline) => 0,
            Some(_) => fail(ETIMEDOUT),
            None => fail(EINVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semaphore_gives_what_it_was_given() {
        let semaphore = Semaphore::new(1);
        assert!(semaphore.try_wait());
        assert!(!semaphore.try_wait());
        assert!(semaphore.post() && semaphore.post());
        assert!(semaphore.try_wait() && semaphore.try_wait());
        assert!(!semaphore.try_wait());
    }

    #[test]
    fn a_full_semaphore_takes_no_more() {
        assert!(!Semaphore::new(VALUE_MAX).post());
    }
}
