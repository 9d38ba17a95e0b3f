//! Interrupts of devices, and the end of the drivers.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::cpu_page::pending;
use domains::device::Roles;
use gate::{clock, cpu, info};
use spin::{Mutex, Once};

use super::storm::Storm;
use super::{Console, DRIVERS, channel, console, input};
use crate::report;

/// How much has come back from devices, all in all.
static COME: AtomicU64 = AtomicU64::new(0);

static STORM: Mutex<Storm> = Mutex::new(Storm::new());

/// Takes note that something has come back.
pub(super) fn note_come() {
    COME.fetch_add(1, Ordering::Relaxed);
}

/// How much has come back.
pub(super) fn come() -> u64 {
    COME.load(Ordering::Relaxed)
}

/// Has whoever waits for a device hear that there is no driver any more: what
/// calls this may hold locks, so it is told when this CPU serves events next.
pub(super) fn note_failure() {
    // On the host, where tests run, there is no page for it.
    if cfg!(target_os = "none") {
        cpu::note_pending(pending::FAILURE);
    }
}

/// Serves the interrupts of devices, a bit for each: what comes from now on
/// raises another.
pub fn on_devices(devices: u64) {
    let start = clock::monotonic_ns();
    let roles = roles();
    let has_come =
        |device: &Option<usize>| device.is_some_and(|device| devices >> (device & 63) & 1 != 0);
    for (console, device) in [Console::Main, Console::Error].iter().zip(&roles.consoles) {
        if has_come(device) {
            on_console(*console);
        }
    }
    for (number, device) in roles.volumes.iter().enumerate() {
        if has_come(device) {
            channel::on_device(number);
        }
    }
    let ns = clock::monotonic_ns().saturating_sub(start);
    if STORM.lock().note(come(), ns) {
        give_up();
    }
}

/// Whether there are no drivers any more: nobody else will hear of a device.
pub fn have_failed() -> bool {
    DRIVERS.lock().has_failed
}

/// Wakes whoever waits for a device: there is no driver any more.
pub fn on_failure() {
    channel::on_failure();
    on_console(Console::Main);
    on_console(Console::Error);
}

fn on_console(console: Console) {
    console::on_device(console);
    if console == Console::Main {
        input::on_device();
    }
}

/// Calls the drivers no more.
fn give_up() {
    if !core::mem::replace(&mut DRIVERS.lock().has_failed, true) {
        report::say(format_args!(
            "the unsafe kernel's devices interrupt for nothing: it is not called any more"
        ));
        note_failure();
    }
}

/// Which device does what.
fn roles() -> &'static Roles {
    static ROLES: Once<Roles> = Once::new();
    ROLES.call_once(|| Roles::new(&info::boot().devices))
}
