//! Sleeping, waking, starting and ending, by all CPUs at once.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use super::numbers::{Pinned, cpus, here, leak, on_each_from};

/// A turn goes round all CPUs; who has not got it sleeps.
pub fn ping_pong() -> Result<(), String> {
    const ROUNDS: usize = 300;
    let turn: &(Mutex<usize>, Condvar) = leak((Mutex::new(0), Condvar::new()));
    on_each_from(
        0,
        leak(move || {
            let not_mine = |turn: &mut usize| *turn % cpus() != here();
            for _ in 0..ROUNDS {
                let mut held = turn.1.wait_while(turn.0.lock().unwrap(), not_mine).unwrap();
                *held += 1;
                turn.1.notify_all();
            }
        }),
    )?;
    match *turn.0.lock().unwrap() {
        turns if turns == ROUNDS * cpus() => Ok(()),
        turns => Err(format!("{turns} turns")),
    }
}

/// Threads on all CPUs sleep for different times; none returns early.
pub fn sleepers() -> Result<(), String> {
    let early = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..4 * cpus() as u64 {
            let early = &early;
            scope.spawn(move || {
                for round in 0..10 {
                    let duration = Duration::from_micros(100 + 370 * ((number + round) % 7));
                    let start = Instant::now();
                    thread::sleep(duration);
                    let is_early = start.elapsed() < duration;
                    early.fetch_add(usize::from(is_early), Ordering::Relaxed);
                }
            });
        }
    });
    match early.into_inner() {
        0 => Ok(()),
        early => Err(format!("{early} woke early")),
    }
}

/// How late a sleeper is beside a thread that computes on the first CPU: the
/// worst of many times, in microseconds.
pub fn lateness() -> u128 {
    const DURATION: Duration = Duration::from_micros(300);
    let stop: &AtomicBool = leak(AtomicBool::new(false));
    let spinner = leak(move || {
        while !stop.load(Ordering::Acquire) {
            spin_loop();
        }
    });
    let spinner = Pinned::spawn(0, spinner);
    let late = |_| {
        let start = Instant::now();
        thread::sleep(DURATION);
        start.elapsed().saturating_sub(DURATION).as_micros()
    };
    let worst = (0..100).map(late).max();
    stop.store(true, Ordering::Release);
    spinner.into_iter().for_each(Pinned::join);
    worst.unwrap_or_default()
}

/// Ten thousand threads, started and joined from every CPU. Their stacks alone
/// would fill the machine's memory, if they were not given back.
pub fn storm() -> Result<(), String> {
    const THREADS: usize = 10_000;
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..cpus() {
            scope.spawn(|| {
                for _ in 0..THREADS.div_ceil(cpus()) {
                    thread::scope(|inner| {
                        inner.spawn(|| count.fetch_add(1, Ordering::Relaxed));
                    });
                }
            });
        }
    });
    match count.into_inner() {
        threads if threads >= THREADS => Ok(()),
        threads => Err(format!("{threads} threads have run")),
    }
}

/// So many threads alive at the same time, all of which meet.
pub fn crowd(count: usize) -> Result<(), String> {
    let meeting = &Barrier::new(count + 1);
    let done = thread::scope(|scope| {
        let spawn = |number| {
            let thread = Builder::new().stack_size(16 << 10);
            let body = move || {
                meeting.wait();
                number
            };
            thread.spawn_scoped(scope, body)
        };
        let threads: Result<Vec<_>, _> = (0..count).map(spawn).collect();
        let threads = threads.map_err(|error| error.to_string())?;
        meeting.wait();
        let joined = threads.into_iter().map(|thread| thread.join().ok());
        Ok::<_, String>(joined.flatten().sum::<usize>())
    })?;
    println!("{count} threads met");
    if done == count * (count - 1) / 2 {
        Ok(())
    } else {
        Err(format!("a sum of {done}"))
    }
}

/// The kernel refuses a thread before it runs out of what it needs itself. Each has what it
/// needs of its own before the next is asked for: one that began later would find no memory.
pub fn exhaust() -> Result<(), String> {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    let body = || {
        let _its_own_handle = thread::current();
        RUNNING.fetch_add(1, Ordering::Release);
        thread::park();
    };
    let mut threads = Vec::new();
    let refused = loop {
        match Builder::new().stack_size(16 << 10).spawn(body) {
            Ok(thread) => threads.push(thread),
            Err(error) => break error,
        }
        while RUNNING.load(Ordering::Acquire) < threads.len() {
            thread::yield_now();
        }
    };
    println!("{} threads, then: {refused}", threads.len());
    for thread in threads {
        thread.thread().unpark();
        thread.join().map_err(|_| "a thread panicked")?;
    }
    crowd(50)
}
