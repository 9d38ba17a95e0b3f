//! The clock of all domains, and deadlines by it.
//!
//! Whoever reads the clock needs the rate of the time-stamp counter, which this
//! module finds out: roughly at boot, and better with every longer comparison
//! against the timer, whose nanoseconds the core counts. There is no loop that
//! waits for it. On the CPU that boots the core compares whenever the timer runs
//! long enough to make the rate better ([`cpu::Stretch`]), and notes an event.

mod rate;
mod stretch;

use gate::{clock, core_call, cpu, info};
use spin::Mutex;

use self::rate::{Comparison, Rate};
use self::stretch::compare;

static RATE: Mutex<Rate> = Mutex::new(Rate::UNKNOWN);

/// Stretches at boot, each twice as long as the last, before the kernel gives up.
const TRIES_MAX: u32 = 20;
/// Ticks of the first one.
const FIRST_TICKS: u64 = 1000;

/// Starts the clock at zero for when the machine started. Until [`calibrate`] it
/// takes a tick for a nanosecond.
pub fn start() {
    let mut rate = RATE.lock();
    rate.page.base_tsc = info::boot().boot_tsc;
    clock::set(&rate.page);
    cpu::compare_clocks_from(rate::SHORTEST_NS);
    end_stretch();
}

/// Finds out the rate, from what has passed since [`start`]. Only where that is
/// too short to tell does it take more than one try.
pub fn calibrate() {
    let mut rate = RATE.lock();
    for doublings in 0..TRIES_MAX {
        end_stretch();
        let comparison = cpu::take_stretch().and_then(|stretch| compare(stretch, 0));
        if comparison.is_some_and(|found| rate.calibrate(found)) {
            clock::set(&rate.page);
            return cpu::compare_clocks_from(rate.shortest_ns());
        }
        spin(FIRST_TICKS << doublings);
    }
}

/// Learns from the stretch that ended with the timer's event, if the clocks were
/// compared in it.
pub fn refine() {
    let Some(stretch) = cpu::take_stretch() else {
        return;
    };
    let mut rate = RATE.lock();
    let about_ns = rate.nanoseconds(stretch.least);
    let comparison = compare(stretch, about_ns);
    if comparison.is_some_and(|found| rate.refine(found, clock::ticks())) {
        clock::set(&rate.page);
    }
    cpu::compare_clocks_from(rate.shortest_ns());
}

/// Has the timer of this CPU fire at `deadline`.
#[inline(never)]
pub fn arm(deadline: u64) {
    let page = clock::page();
    let wait = deadline.saturating_sub(page.monotonic_ns(clock::ticks()));
    core_call::arm_timer(wait, page.rate);
}

/// Has the core arm the timer anew, though there is no deadline yet.
fn end_stretch() {
    core_call::arm_timer(u64::MAX, 0);
}

fn spin(ticks: u64) {
    let start = clock::ticks();
    while clock::ticks().saturating_sub(start) < ticks {
        core::hint::spin_loop();
    }
}
