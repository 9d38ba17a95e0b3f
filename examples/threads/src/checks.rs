//! The checks, each of one way to wait.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Threads return what they computed, and have names and numbers of their own.
pub fn spawn_and_join() -> bool {
    let spawn = |n: u64| thread::spawn(move || ((1..=n).sum::<u64>(), thread::current().id()));
    let threads: Vec<_> = (1..=16).map(spawn).collect();
    let results: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let sums: Vec<u64> = results.iter().map(|(sum, _)| *sum).collect();
    let numbers: BTreeSet<_> = results.iter().map(|(_, id)| format!("{id:?}")).collect();
    sums[15] == 136 && sums.is_sorted() && numbers.len() == 16
}

/// No increment is lost between eight threads that yield while they hold it.
pub fn mutex() -> bool {
    let total = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut total = total.lock().unwrap();
                    let seen = *total;
                    thread::yield_now();
                    *total = seen + 1;
                }
            });
        }
    });
    total.into_inner().unwrap() == 800
}

/// Two threads take turns.
pub fn condition_variable() -> bool {
    const ROUNDS: u32 = 200;
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    let play = |parity: u32| {
        for _ in 0..ROUNDS {
            let not_mine = |turn: &mut u32| *turn % 2 != parity;
            let mut turn = changed.wait_while(turn.lock().unwrap(), not_mine).unwrap();
            *turn += 1;
            changed.notify_all();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| play(0));
        scope.spawn(|| play(1));
    });
    *turn.lock().unwrap() == 2 * ROUNDS
}

/// Everything that four senders send arrives, each one's in order.
pub fn channel() -> bool {
    const EACH: usize = 250;
    let (sender, receiver) = mpsc::sync_channel(8);
    let senders: Vec<_> = (0..4).map(|n| (n, sender.clone())).collect();
    drop(sender);
    for (number, sender) in senders {
        thread::spawn(move || (0..EACH).for_each(|item| sender.send((number, item)).unwrap()));
    }
    let mut next = [0; 4];
    for (number, item) in receiver {
        if item != next[number] {
            return false;
        }
        next[number] += 1;
    }
    next == [EACH; 4]
}

/// Each thread has variables of its own, initialised and destroyed in it.
pub fn thread_local_storage() -> bool {
    static DROPPED: AtomicU64 = AtomicU64::new(0);

    struct Counted(Cell<u64>);

    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(self.0.get(), Ordering::Relaxed);
        }
    }

    fn forty() -> u64 {
        hint::black_box(40)
    }

    thread_local! {
        static OWN: Counted = const { Counted(Cell::new(1)) };
        static LATE: Cell<u64> = Cell::new(forty());
    }

    let work = |n: u64| {
        OWN.with(|own| own.0.set(own.0.get() + n));
        thread::yield_now();
        LATE.set(LATE.get() + OWN.with(|own| own.0.get()));
        LATE.get()
    };
    let spawn = |n| thread::spawn(move || work(n));
    let threads: Vec<_> = (0..4).map(spawn).collect();
    let seen: Vec<u64> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    seen == [41, 42, 43, 44] && DROPPED.load(Ordering::Relaxed) == 10
}

/// A parked thread sleeps until it is unparked; a token given early counts.
pub fn park_and_unpark() -> bool {
    let woken = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&woken);
    let sleeper = thread::spawn(move || {
        while !flag.load(Ordering::Acquire) {
            thread::park();
        }
    });
    thread::yield_now();
    woken.store(true, Ordering::Release);
    sleeper.thread().unpark();
    sleeper.join().unwrap();

    thread::current().unpark();
    let start = Instant::now();
    thread::park_timeout(Duration::from_secs(5));
    start.elapsed() < Duration::from_secs(5)
}

/// Nobody wakes early, and a wait that nobody ends is over in time.
pub fn sleep_and_timeouts() -> bool {
    let duration = Duration::from_millis(20);
    let start = Instant::now();
    thread::sleep(duration);
    let slept = start.elapsed();

    let (lock, never) = (Mutex::new(()), Condvar::new());
    let guard = lock.lock().unwrap();
    let (_guard, result) = never.wait_timeout(guard, duration).unwrap();
    let waited = start.elapsed() - slept;
    slept >= duration && waited >= duration && result.timed_out()
}

/// A thread that never waits does not keep another from running, and keeps its
/// floating-point state while it is interrupted.
pub fn preemption() -> bool {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let spinner = thread::spawn(move || {
        let (mut rounds, mut exact) = (0_u64, true);
        while !flag.load(Ordering::Relaxed) {
            let sum: f64 = (1..=1000)
                .map(|n| 1.0 / f64::from(hint::black_box(n)))
                .sum();
            exact &= sum.to_bits() == HARMONIC_1000.to_bits();
            rounds += 1;
        }
        (rounds, exact)
    });
    thread::sleep(Duration::from_millis(50));
    stop.store(true, Ordering::Relaxed);
    let (rounds, exact) = spinner.join().unwrap();
    rounds > 0 && exact
}

/// The sum of the first thousand reciprocals, added in order.
const HARMONIC_1000: f64 = 7.485_470_860_550_343;
