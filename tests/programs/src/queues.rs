//! `crossbeam`: channels, scoped threads, deques, epochs and queues.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::{self, RecvTimeoutError};
use crossbeam::deque::{Injector, Steal, Stealer, Worker};
use crossbeam::queue::{ArrayQueue, SegQueue};

/// Everything that four senders send reaches one of four receivers, once.
pub fn channels() -> bool {
    const EACH: usize = 500;
    let (sender, receiver) = channel::bounded(8);
    let receivers: Vec<_> = (0..4)
        .map(|_| receiver.clone())
        .map(|receiver| thread::spawn(move || receiver.iter().collect::<Vec<usize>>()))
        .collect();
    for number in 0..4 {
        let sender = sender.clone();
        thread::spawn(move || (0..EACH).for_each(|n| sender.send(number * EACH + n).unwrap()));
    }
    drop((sender, receiver));
    let lists = receivers.into_iter().map(|thread| thread.join().unwrap());
    let mut all: Vec<usize> = lists.flatten().collect();
    all.sort_unstable();
    all.into_iter().eq(0..4 * EACH)
}

/// Whatever comes first is taken: a message, a meeting or a time.
pub fn select() -> bool {
    let (sender, receiver) = channel::bounded(0);
    let (_silent, never) = channel::unbounded::<u32>();
    let meeting = thread::spawn(move || sender.send(42));
    let met = crossbeam::select! {
        recv(receiver) -> number => number == Ok(42),
        recv(never) -> _ => false,
    };
    let start = Instant::now();
    let wait = Duration::from_millis(20);
    let late = crossbeam::select! {
        recv(never) -> _ => false,
        recv(channel::after(wait)) -> _ => start.elapsed() >= wait,
    };
    let alone = receiver.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected);
    met && late && alone && meeting.join().unwrap().is_ok()
}

/// Threads of a scope may borrow from it.
pub fn scoped_threads() -> bool {
    let numbers: Vec<u64> = (1..=1000).collect();
    let sums = crossbeam::scope(|scope| {
        let threads: Vec<_> = numbers
            .chunks(250)
            .map(|part| scope.spawn(move |_| part.iter().sum::<u64>()))
            .collect();
        let sums = threads.into_iter().map(|thread| thread.join().unwrap());
        sums.collect::<Vec<_>>()
    });
    sums.unwrap() == [31_375, 93_875, 156_375, 218_875]
}

/// Every task is done once, by whoever steals it.
pub fn deques() -> bool {
    const TASKS: usize = 2000;
    let injector = Injector::new();
    (0..TASKS).for_each(|task| injector.push(task));
    let workers: Vec<Worker<usize>> = (0..4).map(|_| Worker::new_fifo()).collect();
    let stealers: Vec<Stealer<usize>> = workers.iter().map(Worker::stealer).collect();
    let done = thread::scope(|scope| {
        let (injector, stealers) = (&injector, &stealers);
        let threads: Vec<_> = workers
            .into_iter()
            .map(|worker| scope.spawn(move || work(&worker, injector, stealers)))
            .collect();
        let done = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        done.collect::<Vec<_>>()
    });
    let different: BTreeSet<_> = done.iter().collect();
    done.len() == TASKS && different.len() == TASKS
}

/// Does what is in the own deque, else in the common one, else in another's.
fn work(
    own: &Worker<usize>,
    injector: &Injector<usize>,
    stealers: &[Stealer<usize>],
) -> Vec<usize> {
    let steal = || {
        let others = || stealers.iter().map(Stealer::steal).collect::<Steal<_>>();
        let found =
            std::iter::repeat_with(|| injector.steal_batch_and_pop(own).or_else(others));
        found
            .filter(|steal| !steal.is_retry())
            .map(Steal::success)
            .next()?
    };
    std::iter::from_fn(|| own.pop().or_else(steal))
        .inspect(|task| {
            if task.is_multiple_of(16) {
                thread::yield_now();
            }
        })
        .collect()
}

/// What is deferred is done once nobody can look at it any more, not before.
pub fn epochs() -> bool {
    let done = Arc::new(AtomicUsize::new(0));
    let reader = crossbeam::epoch::pin();
    thread::scope(|scope| {
        for _ in 0..4 {
            let done = Arc::clone(&done);
            scope.spawn(move || {
                let guard = crossbeam::epoch::pin();
                guard.defer(move || done.fetch_add(1, Ordering::Relaxed));
                guard.flush();
            });
        }
    });
    let early = done.load(Ordering::Relaxed);
    drop(reader);
    for _ in 0..1000 {
        crossbeam::epoch::pin().flush();
        if done.load(Ordering::Relaxed) == 4 {
            break;
        }
        thread::yield_now();
    }
    early == 0 && done.load(Ordering::Relaxed) == 4
}

/// A queue with a bound refuses what is too much; one without takes it.
pub fn queues() -> bool {
    let (bounded, endless) = (ArrayQueue::new(2), SegQueue::new());
    let refused = (0..3)
        .map(|n| bounded.push(n))
        .filter(Result::is_err)
        .count();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|n| endless.push(n)));
        }
    });
    let sum: u32 = std::iter::from_fn(|| endless.pop()).sum();
    refused == 1 && bounded.pop() == Some(0) && sum == 4 * 124_750
}
