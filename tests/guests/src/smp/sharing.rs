//! Threads on several CPUs that share: locks, conditions, channels.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Condvar, Mutex, RwLock};
use std::thread;

use super::numbers::cpus;

const EACH: u64 = 3000;

/// Sums under a mutex, a read-write lock and in an atomic.
pub fn sums() -> Result<(), String> {
    let threads = 2 * cpus() as u64;
    let (mutex, lock, atomic) = (Mutex::new(0), RwLock::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for round in 0..EACH {
                    *mutex.lock().unwrap() += round;
                    if round.is_multiple_of(8) {
                        *lock.write().unwrap() += round;
                    }
                    let _ = *lock.read().unwrap();
                    atomic.fetch_add(round, Ordering::Relaxed);
                }
            });
        }
    });
    let all = threads * (EACH - 1) * EACH / 2;
    let eighth: u64 = threads * (0..EACH).step_by(8).sum::<u64>();
    let found = (
        mutex.into_inner().unwrap(),
        lock.into_inner().unwrap(),
        atomic.into_inner(),
    );
    expect(found, (all, eighth, all))
}

/// Messages through a queue with conditions, a channel and a rendezvous.
pub fn messages() -> Result<(), String> {
    let threads = cpus() as u64;
    let all = threads * (EACH - 1) * EACH / 2;
    expect(through_conditions(threads), all)?;
    let (sender, receiver) = channel();
    let sum = thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            scope.spawn(move || (0..EACH).for_each(|item| sender.send(item).unwrap()));
        }
        drop(sender);
        receiver.into_iter().sum::<u64>()
    });
    expect(sum, all)?;
    let (sender, receiver) = sync_channel(0);
    let sum = thread::scope(|scope| {
        scope.spawn(move || (0..EACH).for_each(|item| sender.send(item).unwrap()));
        receiver.into_iter().sum::<u64>()
    });
    expect(sum, (EACH - 1) * EACH / 2)
}

/// Producers and consumers at a queue of four places.
fn through_conditions(threads: u64) -> u64 {
    const PLACES: usize = 4;
    let queue = Mutex::new(VecDeque::new());
    let (not_full, not_empty) = (Condvar::new(), Condvar::new());
    let sum = AtomicU64::new(0);
    let produce = || {
        for item in 0..EACH {
            let is_full = |queue: &mut VecDeque<u64>| queue.len() == PLACES;
            let mut queue = not_full.wait_while(queue.lock().unwrap(), is_full).unwrap();
            queue.push_back(item);
            not_empty.notify_one();
        }
    };
    let consume = || {
        for _ in 0..EACH {
            let is_empty = |queue: &mut VecDeque<u64>| queue.is_empty();
            let mut queue = not_empty
                .wait_while(queue.lock().unwrap(), is_empty)
                .unwrap();
            sum.fetch_add(queue.pop_front().unwrap(), Ordering::Relaxed);
            not_full.notify_one();
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(produce);
            scope.spawn(consume);
        }
    });
    sum.into_inner()
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found:?} instead of {expected:?}"))
    }
}
