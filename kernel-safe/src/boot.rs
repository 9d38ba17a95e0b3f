//! The kernel's first steps.
//!
//! The core calls [`start`] once, on a stack of its own. What follows until the
//! application's first instruction is the time that every start costs, so
//! whatever can wait is left for its first use.

use gate::memory;

use crate::thread::life;
use crate::{drivers, report};

/// Starts the kernel and enters the application.
pub extern "C" fn start() -> ! {
    if let Err(error) = memory::map_frames() {
        report::die(format_args!("no buffers for the drivers: {error:?}"));
    }
    drivers::start();
    let Err(errno) = life::run_first();
    report::die(format_args!("no first thread: {errno:?}"))
}
