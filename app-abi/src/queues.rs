//! Wait queues of the old ABI: the two halves of a condition variable.
//!
//! A queue is named by the address of a word of the program. The peer keeps a
//! pointer of its kernel there; here the word *is* the queue: a count of the
//! notifications, on which waiters sleep, under a tag that says that it was
//! initialised. A thread announces itself with `sys_add_queue`, which notes the
//! count, releases its lock, and sleeps with `sys_wait` unless the count has
//! changed. So no notification is lost between the two, and a waiter may wake
//! for nothing, as condition variables allow.

use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use gate::client::{self, Announced};
use gate::{clock, safe};
use hermit_abi::{EAGAIN, EFAULT, EINVAL};

use crate::errno::{fail, reply32};
use crate::export::export;
use crate::own;

/// What stands above the count in the word of a queue.
const TAG: u64 = 0x7175_6575;

/// A queue of the program.
#[derive(Clone, Copy, Debug)]
struct Queue<'a>(&'a AtomicU64);

impl Queue<'_> {
    /// The word at `id`, which need not be a queue yet.
    fn word<'a>(id: usize) -> Result<&'a AtomicU64, i32> {
        let word: *mut u64 = ptr::with_exposed_provenance_mut(id);
        if id == 0 || !word.is_aligned() {
            return Err(EINVAL);
        }
        if !own::is_own(word) {
            return Err(EFAULT);
        }
        // SAFETY: the program's word, which is only accessed atomically.
        Ok(unsafe { AtomicU64::from_ptr(word) })
    }

    /// The queue at `id`.
    fn at<'a>(id: usize) -> Result<Queue<'a>, i32> {
        let word = Self::word(id)?;
        let is_queue = word.load(Ordering::Acquire) >> 32 == TAG;
        is_queue.then_some(Queue(word)).ok_or(EINVAL)
    }

    /// The count of notifications: the lower half of the word, which is what the
    /// kernel compares. Here the word is only accessed as a whole, for atomics of
    /// two sizes must not meet in one place.
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst) as u32
    }

    /// Counts one more, if it is a queue still. The tag stays when the count begins anew.
    fn count_up(&self) {
        let more = |word: u64| TAG << 32 | u64::from((word as u32).wrapping_add(1));
        let counted = |word: u64| (word >> 32 == TAG).then(|| more(word));
        // One that was ended meanwhile counts nothing.
        let _ = (self.0).fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted);
    }

    fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }

    /// Wakes at most `most` waiters, and lets those go on who are about to
    /// sleep.
    fn notify(&self, most: i32) {
        self.count_up();
        // SAFETY: the address is only compared.
        unsafe { safe::futex_wake(self.address(), most) };
    }
}

/// Makes the word at `id` a queue, unless it is one.
fn init(id: usize) -> Result<(), i32> {
    let word = Queue::word(id)?;
    if word.load(Ordering::Acquire) >> 32 != TAG {
        word.store(TAG << 32, Ordering::Release);
    }
    Ok(())
}

/// Ends a queue; who waits there goes on.
fn destroy(id: usize) -> Result<(), i32> {
    let queue = Queue::at(id)?;
    queue.notify(i32::MAX);
    queue.0.store(0, Ordering::Release);
    Ok(())
}

/// Notes the count for the calling thread's next wait.
fn announce(id: usize, timeout_ns: i64) -> Result<(), i32> {
    let queue = Queue::at(id)?;
    let deadline = match u64::try_from(timeout_ns) {
        Ok(timeout) if timeout > 0 => clock::monotonic_ns().saturating_add(timeout),
        _ => safe::FOREVER,
    };
    let announced = Announced {
        queue: id,
        deadline,
        count: queue.count(),
    };
    swap_announced(announced);
    Ok(())
}

/// Sleeps as announced; the kernel's reply.
fn wait(id: usize) -> Result<i64, i32> {
    let announced = swap_announced(Announced::NOTHING);
    if announced.queue != id {
        return Err(EINVAL);
    }
    let queue = Queue::at(id)?;
    // SAFETY: the kernel tries the address.
    let reply =
        unsafe { safe::futex_wait(queue.address(), announced.count, announced.deadline, 0) };
    let was_notified = reply == -i64::from(EAGAIN);
    Ok(if was_notified { 0 } else { reply })
}

/// Wakes at most `count` waiters; all of them if it is negative.
fn notify(id: usize, count: i32) -> Result<(), i32> {
    let queue = Queue::at(id)?;
    match count {
        0 => {}
        1.. => queue.notify(count),
        _ => queue.notify(i32::MAX),
    }
    Ok(())
}

/// Replaces what the calling thread has announced; what it was.
fn swap_announced(announced: Announced) -> Announced {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own, and nobody holds a
    // reference to it.
    unsafe { core::mem::replace(&mut (*block).announced, announced) }
}

/// Zero, or the error, negative and in errno.
fn done(result: Result<(), i32>) -> i32 {
    result.map_or_else(fail, |()| 0)
}

export! {
    /// Makes the word at address `id` a queue.
    #[abi(here, [EINVAL, EFAULT], "No pointer of the kernel lies in the word.")]
    fn sys_init_queue(id: usize) -> i32 {
        done(init(id))
    }

    /// Ends a queue; whoever waits there goes on.
    #[abi(both, [EINVAL, EFAULT], "A word that is no queue is EINVAL.")]
    fn sys_destroy_queue(id: usize) -> i32 {
        done(destroy(id))
    }

    /// Announces that the calling thread will wait at a queue, at most
    /// `timeout_ns` nanoseconds if that is above zero.
    #[abi(here, [EINVAL, EFAULT], "Hermit refuses a time limit.")]
    fn sys_add_queue(id: usize, timeout_ns: i64) -> i32 {
        done(announce(id, timeout_ns))
    }

    /// Waits, as announced, for a notification.
    #[abi(kernel, [EINVAL, EFAULT, ETIMEDOUT], "Without an announcement it is EINVAL.")]
    fn sys_wait(id: usize) -> i32 {
        wait(id).map_or_else(fail, reply32)
    }

    /// Wakes at most `count` waiters of a queue, or all if it is negative.
    #[abi(kernel, [EINVAL, EFAULT], "A word that is no queue is EINVAL.")]
    fn sys_notify(id: usize, count: i32) -> i32 {
        done(notify(id, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_queue_only_between_init_and_destroy() {
        let word = AtomicU64::new(77);
        let id = word.as_ptr().expose_provenance();
        assert_eq!(Queue::at(id).err(), Some(EINVAL));
        init(id).expect("a word");
        let queue = Queue::at(id).expect("a queue");
        queue.count_up();
        init(id).expect("a queue stays as it is");
        assert_eq!(word.load(Ordering::Relaxed), (TAG << 32) | 1);
        word.store(0, Ordering::Relaxed);
        assert_eq!(notify(id, 1), Err(EINVAL));
        queue.count_up();
        assert_eq!(word.load(Ordering::Relaxed), 0, "it was ended");
    }

    #[test]
    fn a_count_that_begins_anew_leaves_the_tag() {
        let word = AtomicU64::new(TAG << 32 | u64::from(u32::MAX));
        let queue = Queue(&word);
        assert_eq!(queue.count(), u32::MAX);
        queue.count_up();
        assert_eq!(word.load(Ordering::Relaxed), TAG << 32);
    }

    #[test]
    fn no_address_and_an_odd_one_are_no_queues() {
        assert_eq!(init(0), Err(EINVAL));
        let words = [0_u64; 2];
        assert_eq!(init(words.as_ptr().expose_provenance() + 4), Err(EINVAL));
    }
}
