//! Threads that compute: at once, where they belong, and spread.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::numbers::{Pinned, Seen, cpus, here, leak, on_each_from};
use crate::hooks;

/// One thread on each CPU, in turns, without a wait in the kernel: with fewer
/// CPUs each turn would take a preemption. (A host with fewer CPUs takes as
/// long for a turn as for a time slice of its own: there are few of them.)
pub fn at_once() -> Result<(), String> {
    const ROUNDS: usize = 20;
    let turn: &AtomicUsize = leak(AtomicUsize::new(0));
    let preemptions = hooks::preemptions();
    on_each_from(
        0,
        leak(move || {
            for round in 0..ROUNDS {
                let mine = round * cpus() + here();
                while turn.load(Ordering::Acquire) != mine {
                    spin_loop();
                }
                turn.store(mine + 1, Ordering::Release);
            }
        }),
    )?;
    let preemptions = hooks::preemptions() - preemptions;
    let turns = turn.load(Ordering::Acquire);
    if preemptions < (turns / 2) as i64 && turns == ROUNDS * cpus() {
        Ok(())
    } else {
        Err(format!("{preemptions} preemptions in {turns} turns"))
    }
}

/// Threads that are pinned run nowhere else, whatever happens around them.
pub fn pinned_threads_stay() -> Result<(), String> {
    let astray: &AtomicUsize = leak(AtomicUsize::new(0));
    let next: &AtomicUsize = leak(AtomicUsize::new(0));
    let noise = thread::spawn(|| (0..200).for_each(|_| thread::yield_now()));
    let body = leak(move || {
        // Two on each CPU, so that they get in each other's way.
        let mine = next.fetch_add(1, Ordering::Relaxed) % cpus();
        let home = here();
        for round in 0..200 {
            match (round + mine) % 3 {
                0 => thread::yield_now(),
                1 => thread::sleep(std::time::Duration::from_micros(50)),
                _ => (0..1000).for_each(|_| spin_loop()),
            }
            astray.fetch_add(usize::from(here() != home), Ordering::Relaxed);
        }
    });
    let spawn = |number: usize| Pinned::spawn((number % cpus()) as isize, body);
    let threads: Option<Vec<_>> = (0..2 * cpus()).map(spawn).collect();
    let threads = threads.ok_or("a thread was refused")?;
    threads.into_iter().for_each(Pinned::join);
    noise.join().map_err(|_| "the noise panicked")?;
    match astray.load(Ordering::Relaxed) {
        0 => Ok(()),
        astray => Err(format!("elsewhere {astray} times")),
    }
}

/// A thread for a CPU that does not exist is refused.
pub fn no_such_cpu() -> Result<(), String> {
    let body = leak(|| ());
    for cpu in [cpus() as isize, 8, 64, isize::MAX, -2, isize::MIN] {
        if Pinned::spawn(cpu, body).is_some() {
            return Err(format!("a thread runs on CPU {cpu}"));
        }
    }
    Ok(())
}

/// Of four busy threads for each CPU, some run on every CPU.
pub fn spread() -> Result<(), String> {
    let seen = Seen::default();
    thread::scope(|scope| {
        for _ in 0..4 * cpus() {
            scope.spawn(|| {
                while !seen.is_full() {
                    seen.note_here();
                    spin_loop();
                }
            });
        }
    });
    Ok(())
}

/// Threads that all wait for the first CPU are taken by the others as soon as
/// those have nothing to do. Nobody sleeps here, so nothing else moves them.
pub fn idle_cpus_steal() -> Result<(), String> {
    let hold: &AtomicBool = leak(AtomicBool::new(true));
    let spinner = leak(move || {
        while hold.load(Ordering::Acquire) {
            spin_loop();
        }
    });
    // The other queues are longer than the first one ever gets.
    let crowd = (0..=cpus()).flat_map(|_| 1..cpus());
    let spinners: Option<Vec<_>> = crowd
        .map(|cpu| Pinned::spawn(cpu as isize, spinner))
        .collect();
    let seen = Seen::default();
    thread::scope(|scope| {
        for _ in 0..cpus() {
            scope.spawn(|| {
                while !seen.is_full() {
                    seen.note_here();
                    spin_loop();
                }
            });
        }
        hold.store(false, Ordering::Release);
    });
    let spinners = spinners.ok_or("a thread was refused")?;
    spinners.into_iter().for_each(Pinned::join);
    Ok(())
}
