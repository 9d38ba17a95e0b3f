//! Several CPUs: that threads run at once, move, wake each other and end.
//!
//! A check that cannot pass on too few CPUs, or without stealing, spins until
//! the host's time limit ends it: nothing here is judged by the clock.

mod busy;
mod ending;
mod migration;
mod numbers;
mod sharing;
mod spare;
mod waking;

use std::thread;
use std::time::Duration;

use numbers::cpus;

type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: [Check; 10] = [
    ("threads run at once", busy::at_once),
    ("pinned threads stay", busy::pinned_threads_stay),
    ("no thread on a CPU that is not there", busy::no_such_cpu),
    ("many threads spread", busy::spread),
    ("idle CPUs steal", busy::idle_cpus_steal),
    ("no sum is lost", sharing::sums),
    ("no message is lost", sharing::messages),
    ("wakes cross CPUs", waking::ping_pong),
    ("nobody wakes early", waking::sleepers),
    ("spawn and exit by all", waking::storm),
];

/// Makes every check, one line each.
pub fn run() -> Result<(), String> {
    println!("{} CPUs", cpus());
    for (name, check) in CHECKS {
        check().map_err(|why| format!("{name}: {why}"))?;
        println!("{name}: passed");
    }
    Ok(())
}

/// Preempts until threads have gone on elsewhere `count` times in the middle
/// of a loop, every register as it was.
pub fn migrate(count: &str) -> Result<(), String> {
    let count = count.parse().map_err(|_| "not a number")?;
    migration::run(count)
}

/// Has `count` threads alive at the same time.
pub fn crowd(count: &str) -> Result<(), String> {
    let count = count.parse().map_err(|_| "not a number")?;
    waking::crowd(count)
}

/// Has `count` threads end at once, and says what that takes.
pub fn end(count: &str) -> Result<(), String> {
    let count = count.parse().map_err(|_| "not a number")?;
    ending::run(count)
}

/// Has threads leave stacks, and looks whether their memory can be had.
pub fn spare() -> Result<(), String> {
    spare::run()
}

/// Starts threads until one is refused, ends them, and starts some again.
pub fn exhaust() -> Result<(), String> {
    waking::exhaust()
}

/// Says how late a sleeper is, in microseconds.
pub fn lateness() -> Result<(), String> {
    println!("{} late", waking::lateness());
    Ok(())
}

/// Ends the program while every CPU is busy.
pub fn leave() -> ! {
    for _ in 0..2 * cpus() {
        thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
    std::process::exit(7)
}

/// Waits for what nobody will do, on every CPU, and for so many seconds here.
pub fn sleep(seconds: &str) -> Result<(), String> {
    let seconds = seconds.parse().map_err(|_| "not a number")?;
    for _ in 0..2 * cpus() {
        thread::spawn(|| {
            loop {
                thread::park();
            }
        });
    }
    thread::sleep(Duration::from_secs(seconds));
    std::process::exit(0)
}
