//! How events reach the kernel: upcall, pending events, idling.
//!
//! While the application runs, the core turns an event into a call of
//! [`upcall`]. While a kernel runs, it only notes the event; the gate calls
//! [`pending`] before it goes back to the application, and the idle thread
//! looks before it halts.

use domains::cpu_page::pending::{self as noted, DEVICES, FAILURE, NETWORK, TIMER};
use gate::{core_call, cpu};

use crate::{clock, drivers, network, report, schedule};

/// Serves an event that interrupted the application, whose context is in
/// `slot`, and puts the context back when its thread's turn comes: on whatever
/// CPU that is.
pub extern "C" fn upcall(slot: u64) -> ! {
    #[cfg(feature = "test-hooks")]
    crate::hooks::note_preemption();
    serve();
    let error = core_call::resume(slot);
    report::die(format_args!("context {slot} cannot be resumed: {error}"))
}

/// Serves what was noted while the kernel ran.
pub extern "C" fn pending() {
    serve();
}

/// What a CPU does when no thread is ready: waits for events, one after the
/// other.
pub fn idle() -> ! {
    loop {
        serve();
        let is_busy = network::settle();
        if !schedule::seek() {
            if !is_busy {
                // The core looks for events once more before it halts.
                core_call::idle();
            }
            schedule::stop_idling();
        }
    }
}

/// Serves what was noted, in the middle of a call that takes long: others may
/// run meanwhile. The caller holds no lock.
#[inline]
pub fn let_others_run() {
    // DEFENCE: long-calls-give-way
    // On the host, where tests run, nothing ever is.
    if cfg!(target_os = "none") && cpu::pending() != 0 {
        serve();
    }
}

/// Serves all events. A kick needs no service but the look at the queue.
fn serve() {
    loop {
        let events = cpu::take_pending();
        if events == 0 {
            return;
        }
        if events & FAILURE != 0 {
            drivers::on_failure();
            network::on_failure();
        }
        if events & DEVICES != 0 {
            drivers::on_devices(noted::devices(events));
            network::on_devices(noted::devices(events));
        }
        if events & NETWORK != 0 {
            network::on_note();
        }
        if events & TIMER != 0 {
            clock::refine();
            schedule::on_timer(network::on_timer());
        }
        schedule::give_way();
    }
}
