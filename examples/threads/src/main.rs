//! Threads, and every usual way in which they wait for one another.
//!
//! One line a check; the last line says that all passed, or the program ends
//! with status 1. Nothing here knows of Cloister.

mod checks;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;

/// A check: what it is called, and what it does. It panics, or returns false,
/// if something is wrong.
type Check = (&'static str, fn() -> bool);

const CHECKS: [Check; 8] = [
    ("spawn and join", checks::spawn_and_join),
    ("mutex", checks::mutex),
    ("condition variable", checks::condition_variable),
    ("channel", checks::channel),
    ("thread-local storage", checks::thread_local_storage),
    ("park and unpark", checks::park_and_unpark),
    ("sleep and timeouts", checks::sleep_and_timeouts),
    ("preemption", checks::preemption),
];

fn main() -> ExitCode {
    let mut failed = 0;
    for (name, check) in CHECKS {
        print!("{name}: ");
        // A check that hangs should say which it was.
        let _ = io::stdout().flush();
        let passed = panic::catch_unwind(check).unwrap_or(false);
        println!("{}", if passed { "passed" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    if failed == 0 {
        println!("threads: all passed");
        ExitCode::SUCCESS
    } else {
        println!("threads: {failed} of {} failed", CHECKS.len());
        ExitCode::FAILURE
    }
}
