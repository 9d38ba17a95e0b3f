//! Waiting for several keys at once: until any of them is woken.
//!
//! What is waited for cannot be looked at under the locks of all keys, and
//! looking may sleep. So each bucket counts its wake-ups: a [`Watch`] notes the
//! counts, then its owner looks, and then the thread sleeps unless a count has
//! changed since. A wake-up of another key in the same bucket makes the owner
//! look once more, no worse.
//!
//! One lock is held at a time. A waker may end the sleep while the thread still
//! enters itself at further keys: then the thread is ready already, and goes to
//! sleep only to be switched to at once.

use alloc::vec::Vec;

use gate::clock;

use super::Key;
use crate::errno::Errno;
use crate::schedule::{self, alarm::NEVER};
use crate::thread::{Outcome, ThreadRef, life};

/// Keys, and the counts of their buckets.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Vec<(Key, u64)>,
}

impl Watch {
    /// Nothing yet.
    pub const fn new() -> Watch {
        Watch { seen: Vec::new() }
    }

    /// Makes room for so many keys.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&mut self, keys: usize) -> Result<(), Errno> {
        Ok(self.seen.try_reserve(keys)?)
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        self.seen.clear();
    }

    /// Notes the count of `key`'s bucket. What is waited for is looked at after
    /// this.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, key: Key) -> Result<(), Errno> {
        self.seen.try_reserve(1)?;
        let count = key.bucket().lock().wakes();
        self.seen.push((key, count));
        Ok(())
    }

    /// Sleeps until one of the keys is woken, or was since it was added, or
    /// until `deadline`.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn wait(&mut self, deadline: u64) -> Result<Outcome, Errno> {
        let thread = life::current()?;
        if deadline != NEVER && deadline <= clock::monotonic_ns() {
            return Ok(Outcome::TimedOut);
        }
        self.unite();
        thread.prepare_sleep();
        let entered = self.enter(thread);
        let outcome = match entered {
            Ok(all) if all == self.seen.len() => schedule::sleep(thread, deadline),
            _ => stay_awake(thread),
        };
        self.leave(thread);
        entered.map(|_| outcome)
    }

    /// Leaves one of several entries of the same key: the oldest.
    fn unite(&mut self) {
        self.seen
            .sort_unstable_by_key(|(key, count)| (key.0, *count));
        self.seen.dedup_by_key(|(key, _)| *key);
    }

    /// Enters the thread at each key, up to one whose count has changed; how
    /// many.
    fn enter(&self, thread: ThreadRef) -> Result<usize, Errno> {
        let mut entered: usize = 0;
        for (key, count) in &self.seen {
            let mut bucket = key.bucket().lock();
            if bucket.wakes() != *count {
                break;
            }
            bucket.add(*key, thread)?;
            entered = entered.saturating_add(1);
        }
        Ok(entered)
    }

    /// Takes the thread out everywhere. From here on nobody ends its sleep for
    /// one of these keys.
    fn leave(&self, thread: ThreadRef) {
        for (key, _) in &self.seen {
            key.bucket().lock().remove(*key, thread);
        }
    }
}

/// Takes the announcement of a sleep back.
fn stay_awake(thread: ThreadRef) -> Outcome {
    if thread.end_sleep(Outcome::Woken) {
        thread.finish_sleep()
    } else {
        // Somebody was faster, and has put the thread into a queue.
        schedule::sleep(thread, NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_keys_counts_the_oldest_stays() {
        let (first, second) = (Key::futex(0x1000), Key::futex(0x2000));
        let mut watch = Watch {
            seen: [(second, 9), (first, 5), (second, 7), (first, 6)].to_vec(),
        };
        watch.unite();
        assert_eq!(watch.seen, [(first, 5), (second, 7)]);
    }

    #[test]
    fn a_count_is_that_of_the_keys_bucket() {
        let key = Key::futex(0x7_7000);
        let mut watch = Watch::new();
        watch.add(key).expect("memory");
        super::super::wake(key, 1);
        watch.add(key).expect("memory");
        assert!(watch.seen[1].1 > watch.seen[0].1);
        watch.clear();
        assert!(watch.seen.is_empty());
    }
}
