//! Counting semaphores, in the word that the application has for one.
//!
//! `sem_t` is a word of pointer size, and the peer keeps a pointer of its
//! kernel there. Here the word *is* the semaphore. So there is nothing to free,
//! nothing to leak, and a free semaphore costs no crossing.
//!
//! ```text
//! bits 0–31   the value, on which waiters sleep
//! bits 32–51  how many waiters there are
//! bits 52–63  the tag of an initialised semaphore
//! ```
//!
//! All three change together, in one exchange. Who posts learns in the same
//! step whether somebody waits, and touches the word no more: the waiter may
//! have ended the semaphore and freed its memory by then.

use core::sync::atomic::{AtomicU64, Ordering};

use gate::safe;
use hermit_abi::{EAGAIN, EBUSY, EFAULT, EINVAL, EOVERFLOW, sem_t, timespec};

use crate::errno::fail;
use crate::export::export;
use crate::own;
use crate::time::nanoseconds;

/// The highest value of a semaphore.
const VALUE_MAX: u32 = i32::MAX as u32;
/// One waiter.
const WAITER: u64 = 1 << 32;
const TAG_SHIFT: u32 = 52;
const TAG: u64 = 0x5e3 << TAG_SHIFT;

const _: () = assert!(size_of::<AtomicU64>() == size_of::<sem_t>());

/// What the word holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Word(u64);

impl Word {
    const fn new(value: u32) -> Word {
        Word(TAG | value as u64)
    }

    const fn is_semaphore(self) -> bool {
        self.0 >> TAG_SHIFT == TAG >> TAG_SHIFT
    }

    const fn value(self) -> u32 {
        self.0 as u32
    }

    const fn has_waiters(self) -> bool {
        self.0 & !(u64::MAX << TAG_SHIFT) >= WAITER
    }
}

/// A semaphore of the program.
#[derive(Clone, Copy, Debug)]
struct Semaphore<'a>(&'a AtomicU64);

impl Semaphore<'_> {
    /// Changes the word; what it was.
    fn change(&self, step: impl Fn(Word) -> Result<u64, i32>) -> Result<Word, i32> {
        let mut old = Word(self.0.load(Ordering::Relaxed));
        loop {
            if !old.is_semaphore() {
                return Err(EINVAL);
            }
            let new = step(old)?;
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match self.0.compare_exchange_weak(old.0, new, order.0, order.1) {
                Ok(_) => return Ok(old),
                Err(other) => old = Word(other),
            }
        }
    }

    /// Takes one, and leaves `waiters` behind.
    fn take(&self, waiters: u64) -> Result<(), i32> {
        let step = |word: Word| match word.value() {
            0 => Err(EAGAIN),
            _ => Ok(word.0.wrapping_sub(1 + waiters)),
        };
        self.change(step).map(drop)
    }

    /// Takes one, when there is one.
    fn wait(&self, deadline: u64) -> Result<(), i32> {
        self.change(|word| Ok(word.0.wrapping_add(WAITER)))?;
        loop {
            match self.take(WAITER) {
                Err(EAGAIN) => {}
                result => return result,
            }
            // SAFETY: the kernel tries the address.
            let reply =
                unsafe { safe::futex_wait(self.address(), 0, deadline, safe::futex::REALTIME) };
            if reply < 0 && reply != -i64::from(EAGAIN) {
                return self.leave(reply.wrapping_neg() as i32);
            }
        }
    }

    /// Gives up waiting because of `error`, unless there is one to take now.
    fn leave(&self, error: i32) -> Result<(), i32> {
        let step = |word: Word| {
            let taken = u64::from(word.value() > 0);
            Ok(word.0.wrapping_sub(WAITER + taken))
        };
        let old = self.change(step)?;
        if old.value() > 0 { Ok(()) } else { Err(error) }
    }

    /// Gives one back.
    fn post(&self) -> Result<(), i32> {
        let address = self.address();
        let old = self.change(|word| match word.value() {
            VALUE_MAX.. => Err(EOVERFLOW),
            _ => Ok(word.0 + 1),
        })?;
        if old.has_waiters() {
            // SAFETY: the address is only compared.
            unsafe { safe::futex_wake(address, 1) };
        }
        Ok(())
    }

    /// Makes it a semaphore no more.
    fn destroy(&self) -> Result<(), i32> {
        let step = |word: Word| {
            if word.has_waiters() {
                Err(EBUSY)
            } else {
                Ok(0)
            }
        };
        self.change(step).map(drop)
    }

    fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }
}

/// The word that the program has for a semaphore.
fn word<'a>(place: *mut sem_t) -> Result<&'a AtomicU64, i32> {
    if place.is_null() || !place.is_aligned() {
        return Err(EINVAL);
    }
    if !own::is_own(place) {
        return Err(EFAULT);
    }
    // SAFETY: the program's word, which is only accessed atomically.
    Ok(unsafe { AtomicU64::from_ptr(place.cast()) })
}

fn semaphore<'a>(place: *mut sem_t) -> Result<Semaphore<'a>, i32> {
    word(place).map(Semaphore)
}

fn init(place: *mut sem_t, value: u32) -> Result<(), i32> {
    let word = word(place)?;
    if value > VALUE_MAX {
        return Err(EINVAL);
    }
    word.store(Word::new(value).0, Ordering::Release);
    Ok(())
}

/// Takes one until the point in time at `timeout`, which is looked at only if
/// there is none now, as POSIX says.
fn timed_wait(place: *mut sem_t, timeout: *const timespec) -> Result<(), i32> {
    let semaphore = semaphore(place)?;
    match semaphore.take(0) {
        Err(EAGAIN) => semaphore.wait(deadline(timeout)?),
        result => result,
    }
}

/// The deadline that `timeout` names: null is none, and a time before the
/// clock's first is over.
fn deadline(timeout: *const timespec) -> Result<u64, i32> {
    if timeout.is_null() {
        return Ok(safe::FOREVER);
    }
    let mut time = own::read(timeout)?;
    time.tv_sec = time.tv_sec.max(0);
    nanoseconds(&time).ok_or(EINVAL)
}

/// Zero, or the error, negative and in errno.
fn done(result: Result<(), i32>) -> i32 {
    result.map_or_else(fail, |()| 0)
}

export! {
    /// Makes a semaphore of `value`; sharing between processes has no meaning.
    #[abi(here, [EINVAL, EFAULT], "No pointer of the kernel lies in the word.")]
    fn sys_sem_init(place: *mut sem_t, shared: i32, value: u32) -> i32 {
        let _ = shared;
        done(init(place, value))
    }

    /// Ends a semaphore at which nobody waits.
    #[abi(here, [EINVAL, EFAULT, EBUSY], "A word that is no semaphore is EINVAL.")]
    fn sys_sem_destroy(place: *mut sem_t) -> i32 {
        done(semaphore(place).and_then(|semaphore| semaphore.destroy()))
    }

    /// Gives one back.
    #[abi(both, [EINVAL, EFAULT, EOVERFLOW], "A word that is no semaphore is EINVAL.")]
    fn sys_sem_post(place: *mut sem_t) -> i32 {
        done(semaphore(place).and_then(|semaphore| semaphore.post()))
    }

    /// Takes one, if there is one.
    #[abi(here, [EINVAL, EFAULT, EAGAIN], "A word that is no semaphore is EINVAL.")]
    fn sys_sem_trywait(place: *mut sem_t) -> i32 {
        done(semaphore(place).and_then(|semaphore| semaphore.take(0)))
    }

    /// Takes one, when there is one; `timeout` is a time of the real-time
    /// clock, or null.
    #[abi(both, [EINVAL, EFAULT, ETIMEDOUT], "The time is absolute, as POSIX has it.")]
    fn sys_sem_timedwait(place: *mut sem_t, timeout: *const timespec) -> i32 {
        done(timed_wait(place, timeout))
    }
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use hermit_abi::ETIMEDOUT;

    use super::*;

    #[test]
    fn a_semaphore_gives_what_it_was_given() {
        let word = AtomicU64::new(Word::new(1).0);
        let semaphore = Semaphore(&word);
        assert_eq!(semaphore.take(0), Ok(()));
        assert_eq!(semaphore.take(0), Err(EAGAIN));
        assert_eq!(semaphore.post(), Ok(()));
        assert_eq!(semaphore.take(0), Ok(()));
        assert_eq!(Word(word.load(Ordering::Relaxed)), Word::new(0));
    }

    #[test]
    fn a_full_semaphore_takes_no_more() {
        let word = AtomicU64::new(Word::new(VALUE_MAX).0);
        assert_eq!(Semaphore(&word).post(), Err(EOVERFLOW));
    }

    #[test]
    fn what_is_no_semaphore_is_refused() {
        let word = AtomicU64::new(3);
        let place: *mut sem_t = word.as_ptr().cast();
        assert_eq!(semaphore(place).and_then(|it| it.take(0)), Err(EINVAL));
        assert_eq!(init(place, VALUE_MAX + 1), Err(EINVAL));
        assert_eq!(init(place, 0), Ok(()));
        assert_eq!(semaphore(place).and_then(|it| it.take(0)), Err(EAGAIN));
        assert_eq!(semaphore(place).and_then(|it| it.destroy()), Ok(()));
        assert_eq!(semaphore(place).and_then(|it| it.post()), Err(EINVAL));
        assert_eq!(init(ptr::null_mut(), 0), Err(EINVAL));
        assert_eq!(init(place.wrapping_byte_add(4), 0), Err(EINVAL));
    }

    #[test]
    fn a_semaphore_with_waiters_is_not_ended_and_a_late_one_is_taken() {
        let word = AtomicU64::new(Word::new(0).0 + WAITER);
        let semaphore = Semaphore(&word);
        assert_eq!(semaphore.destroy(), Err(EBUSY));
        assert_eq!(semaphore.leave(ETIMEDOUT), Err(ETIMEDOUT));
        let late = AtomicU64::new(Word::new(1).0 + WAITER);
        assert_eq!(Semaphore(&late).leave(ETIMEDOUT), Ok(()));
        assert_eq!(late.load(Ordering::Relaxed), Word::new(0).0);
    }

    #[test]
    fn a_time_before_the_first_is_over_and_a_bad_one_is_refused() {
        let time = |tv_sec, tv_nsec| timespec { tv_sec, tv_nsec };
        assert_eq!(deadline(ptr::from_ref(&time(-5, 0))), Ok(0));
        assert_eq!(
            deadline(ptr::from_ref(&time(0, 1_000_000_000))),
            Err(EINVAL)
        );
        assert_eq!(deadline(ptr::null()), Ok(safe::FOREVER));
    }
}
