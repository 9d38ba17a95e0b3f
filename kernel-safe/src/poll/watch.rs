//! Waiting at several places at once: until any of them is woken.
//!
//! A [`Watch`] enters its thread at one place after the other while the thread
//! is awake, and what is waited for is looked at behind that. Who wakes a place
//! takes the thread out there and calls it: that ends its sleep, or keeps it
//! from falling asleep. So the walk over all places may take its time, and
//! lets others run meanwhile.
//!
//! One lock is held at a time. A waker may end the sleep when the thread has
//! only announced it: then the thread is ready already, and goes to sleep only
//! to be switched to at once.

use alloc::vec::Vec;

use crate::errno::Errno;
use crate::events;
use crate::line::links::Ticket;
use crate::object::source::{Key, Source};
use crate::schedule::{self, alarm::NEVER};
use crate::thread::{Outcome, ThreadRef};
use crate::wait::{self, Place};

/// After how many places others may run.
const PORTION: usize = 64;

/// The places where a thread waits.
#[derive(Debug)]
pub struct Watch {
    thread: ThreadRef,
    entered: Vec<(&'static Place, Ticket)>,
    seen: Seen,
}

/// Which keys came already, a bit for each.
#[derive(Debug, Default)]
struct Seen(Vec<u64>);

impl Watch {
    /// A watch of the running thread over at most `most` places.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn over(most: usize) -> Result<Watch, Errno> {
        let thread = schedule::current()?;
        let mut entered = Vec::new();
        entered.try_reserve_exact(most)?;
        thread.take_call();
        Ok(Watch {
            thread,
            entered,
            seen: Seen::default(),
        })
    }

    /// Enters the thread there, once however often it is asked to. What is
    /// waited for is looked at after this.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, source: Source) -> Result<(), Errno> {
        // DEFENCE: one-entry-a-place
        if self.seen.has_or_add(source.key)? {
            return Ok(());
        }
        self.entered.try_reserve(1)?;
        let ticket = source.place.enter(self.thread)?;
        self.entered.push((source.place, ticket));
        Ok(())
    }

    /// Sleeps until one of the places is woken, or was since the thread was
    /// entered there, or until `deadline`.
    pub fn wait(self, deadline: u64) -> Outcome {
        if wait::is_over(deadline) {
            return Outcome::TimedOut;
        }
        self.thread.prepare_sleep();
        if self.thread.take_call() {
            stay_awake(self.thread)
        } else {
            schedule::sleep(self.thread, deadline)
        }
    }
}

impl Drop for Watch {
    /// Takes the thread out everywhere. From here on nobody calls it.
    fn drop(&mut self) {
        for portion in self.entered.chunks(PORTION) {
            for (place, ticket) in portion {
                place.leave(*ticket, self.thread);
            }
            events::let_others_run();
        }
    }
}

impl Seen {
    /// Whether the key came already; the next time it has.
    fn has_or_add(&mut self, key: Key) -> Result<bool, Errno> {
        let (word, bit) = (key.bit() / 64, 1 << (key.bit() % 64));
        if word >= self.0.len() {
            let more = word.saturating_sub(self.0.len()).saturating_add(1);
            self.0.try_reserve(more)?;
            self.0.resize(word.saturating_add(1), 0);
        }
        let word = self.0.get_mut(word).ok_or(Errno::NoMemory)?;
        let has = *word & bit != 0;
        *word |= bit;
        Ok(has)
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
    fn a_key_is_seen_from_the_second_time_on() {
        let mut seen = Seen::default();
        let keys = [0, 62, 63, 70_000].map(Key::Counter);
        for key in [Key::Input].into_iter().chain(keys) {
            assert_eq!(seen.has_or_add(key), Ok(false));
        }
        for key in keys.into_iter().rev().chain([Key::Input]) {
            assert_eq!(seen.has_or_add(key), Ok(true));
        }
        assert_eq!(seen.has_or_add(Key::Counter(1)), Ok(false));
        for socket in [0, 1, 62].map(Key::Socket) {
            assert_eq!(seen.has_or_add(socket), Ok(false));
        }
    }
}
