//! Waiting: a thread sleeps at a place until somebody wakes the place.
//!
//! Everything that blocks does so here: futexes, join, block, input, event
//! counters, turns, replies of the host. What is waited for is looked at under
//! the lock of its place, and whoever changes it wakes the place afterwards,
//! so no wake-up is lost. Of a wake-up and a deadline exactly one ends a sleep;
//! who loses finds the thread awake. Waiting at several places is poll's.
//!
//! Each thing has a [`Place`] of its own, and each address of the application
//! that is waited at a line in [`addresses`]: to come, to leave and to be woken
//! costs a few steps, whoever else waits.

pub mod addresses;
#[cfg(test)]
mod orders;
mod place;
pub mod turn;

use alloc::collections::TryReserveError;

use gate::clock;

use self::addresses::{Bucket, bucket};
use crate::errno::Errno;
use crate::line::links::Ticket;
use crate::schedule::{self, alarm::NEVER};
use crate::sync::Mutex;
use crate::thread::{Outcome, ThreadRef};

pub use crate::thread::place::Place;

/// Sleeps until `address` is woken or `deadline` comes, if `check` agrees.
///
/// # Errors
///
/// What `check` says against it, or memory is short.
pub fn wait_at(
    address: usize,
    deadline: u64,
    check: impl FnOnce() -> Result<(), Errno>,
) -> Result<Outcome, Errno> {
    let add = |bucket: &mut Bucket<ThreadRef>, thread| bucket.add(address, thread);
    sleep_in(bucket(address), deadline, check, add, Bucket::remove)
}

/// Wakes at most `most` threads that wait at `address`; how many.
///
/// The caller lets them run, by [`schedule::give_way`], when it can.
pub fn wake_at(address: usize, most: usize) -> usize {
    let mut bucket = bucket(address).lock();
    bucket
        .take_all(address)
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
    let thread = schedule::current()?;
    if deadline == NEVER || deadline > clock::monotonic_ns() {
        thread.prepare_sleep();
        schedule::sleep(thread, deadline);
    }
    Ok(())
}

/// Sleeps in a queue, to which `add` adds and out of which `remove` takes.
fn sleep_in<Q>(
    queue: &Mutex<Q>,
    deadline: u64,
    check: impl FnOnce() -> Result<(), Errno>,
    add: impl FnOnce(&mut Q, ThreadRef) -> Result<Ticket, TryReserveError>,
    remove: impl FnOnce(&mut Q, Ticket, ThreadRef),
) -> Result<Outcome, Errno> {
    let (thread, ticket) = {
        let mut queue = queue.lock();
        check()?;
        if is_over(deadline) {
            return Ok(Outcome::TimedOut);
        }
        let thread = schedule::current()?;
        let ticket = add(&mut queue, thread)?;
        // DEFENCE: sleep-announced
        thread.prepare_sleep();
        (thread, ticket)
    };
    let outcome = schedule::sleep(thread, deadline);
    if outcome == Outcome::TimedOut {
        remove(&mut queue.lock(), ticket, thread);
    }
    Ok(outcome)
}

/// Whether `deadline` has come.
pub fn is_over(deadline: u64) -> bool {
    deadline != NEVER && deadline <= clock::monotonic_ns()
}
