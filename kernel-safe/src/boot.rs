//! The kernel's first steps.
//!
//! The core calls [`start`] once on each CPU, on a stack of its own: on the
//! first one at boot, on the others when the first has prepared their idle
//! threads. What follows on the first CPU until the application's first
//! instruction is the time that every start costs, so whatever can wait is left
//! for its first use.

use alloc::string::String;

use crate::schedule::cpu;
use crate::{clock, date, descriptors, drivers, life, network, report, volumes};

/// Starts the kernel on this CPU.
pub extern "C" fn start() -> ! {
    if cpu::number() == 0 {
        start_first()
    } else {
        life::run_idle()
    }
}

/// Starts the kernel and enters the application.
fn start_first() -> ! {
    clock::start();
    drivers::start();
    if let Err(errno) = descriptors::start() {
        report::die(format_args!("no descriptors: {errno:?}"));
    }
    clock::calibrate();
    date::start();
    if let Err((path, errno)) = volumes::mount() {
        let path = String::from_utf8_lossy(path);
        report::die(format_args!("no volume at {path}: {errno:?}"));
    }
    network::start();
    let Err(errno) = life::run_first();
    report::die(format_args!("no first thread: {errno:?}"))
}
