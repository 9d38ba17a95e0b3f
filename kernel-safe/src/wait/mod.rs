//! Waiting: a thread sleeps on a key until somebody wakes the key.
//!
//! Everything that blocks does so here: futexes, join, block, input, event
//! counters, turns, replies of the host. What is waited for is looked at under
//! the lock of the key's bucket, and whoever changes it wakes the key
//! afterwards, so no wake-up is lost. Of a wake-up and a deadline exactly one
//! ends a sleep; who loses finds the thread awake. Who waits for several keys,
//! as poll does, uses [`many`].

pub mod bucket;
pub mod many;

use gate::clock;
use spin::Mutex;

use self::bucket::Bucket;
use crate::errno::Errno;
use crate::schedule::{self, alarm::NEVER};
use crate::thread::id::ThreadId;
use crate::thread::{Outcome, ThreadRef, life};

/// How many buckets there are: a power of two.
const BUCKETS: usize = 64;

static TABLE: [Mutex<Bucket<ThreadRef>>; BUCKETS] =
    [const { Mutex::new(Bucket::new()) }; BUCKETS];

/// What can be waited for.
///
/// The application's addresses are far above 256 times 2^32, so that a futex
/// is never mistaken for something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

impl Key {
    /// Standard input.
    pub const INPUT: Key = Key(3 << 32);

    /// The word at an address of the application.
    pub const fn futex(address: usize) -> Key {
        Key(address as u64)
    }

    /// The end of a thread.
    pub const fn end_of(id: ThreadId) -> Key {
        Key((1 << 32) | id.number() as u64)
    }

    /// The unblocking of a thread.
    pub const fn unblock_of(id: ThreadId) -> Key {
        Key((2 << 32) | id.number() as u64)
    }

    /// The reply to what was sent by a slot of a channel.
    pub const fn reply(channel: u32, slot: usize) -> Key {
        Key((5 << 32) | (1 << 16) | (channel as u64) << 8 | slot as u64)
    }

    /// A free window of a channel.
    pub const fn window(channel: u32) -> Key {
        Key((5 << 32) | (2 << 16) | (channel as u64) << 8)
    }

    /// The turn of an open file.
    pub const fn turn_of(number: u32) -> Key {
        Key((4 << 32) | number as u64)
    }

    /// A change of an event counter.
    pub const fn counter(number: u32) -> Key {
        Key((6 << 32) | number as u64)
    }

    /// The turn of who begins to use a volume.
    pub const fn beginner(volume: usize) -> Key {
        Key((5 << 32) | (3 << 16) | volume as u64)
    }

    /// The turn of who appends to a file of a volume.
    pub const fn appender(volume: usize) -> Key {
        Key((5 << 32) | (4 << 16) | volume as u64)
    }

    fn bucket(self) -> &'static Mutex<Bucket<ThreadRef>> {
        // Multiplicative hashing: the upper bits depend on all bits.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let hash = self.0.wrapping_mul(GOLDEN) >> (u64::BITS - BUCKETS.ilog2());
        let place = usize::try_from(hash).unwrap_or(0);
        TABLE.get(place).unwrap_or(&TABLE[0])
    }
}

/// Sleeps until `key` is woken or `deadline` comes, if `check` agrees.
///
/// # Errors
///
/// What `check` says against it, or memory is short.
pub fn wait(
    key: Key,
    deadline: u64,
    check: impl FnOnce() -> Result<(), Errno>,
) -> Result<Outcome, Errno> {
    let thread = life::current()?;
    {
        let mut bucket = key.bucket().lock();
        check()?;
        if deadline != NEVER && deadline <= clock::monotonic_ns() {
            return Ok(Outcome::TimedOut);
        }
        bucket.add(key, thread)?;
        thread.prepare_sleep();
    }
    let outcome = schedule::sleep(thread, deadline);
    if outcome == Outcome::TimedOut {
        key.bucket().lock().remove(key, thread);
    }
    Ok(outcome)
}

/// Wakes at most `most` threads that wait for `key`; how many.
///
/// The caller lets them run, by [`schedule::give_way`], when it can.
pub fn wake(key: Key, most: usize) -> usize {
    let mut bucket = key.bucket().lock();
    bucket.count_wake();
    let waiters = core::iter::from_fn(|| bucket.take(key));
    waiters
        .filter(|thread| schedule::wake(*thread))
        .take(most)
        .count()
}

/// Sleeps until `deadline`.
///
/// # Errors
///
/// None that the application can see.
pub fn sleep_until(deadline: u64) -> Result<(), Errno> {
    let thread = life::current()?;
    if deadline == NEVER || deadline > clock::monotonic_ns() {
        thread.prepare_sleep();
        schedule::sleep(thread, deadline);
    }
    Ok(())
}
