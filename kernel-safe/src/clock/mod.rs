//! The clock of all domains, and deadlines by it.
//!
//! Whoever reads the clock needs the rate of the time-stamp counter, which this
//! module finds out: roughly at boot, and better with every longer comparison
//! against the timer, whose nanoseconds the core counts. There is no loop that
//! waits for it. On the CPU that boots the core compares whenever the timer runs
//! long enough to make the rate better ([`cpu::Stretch`]), and notes an event.
//!
//! The host may keep the machine from running at any time, for any time. So no
//! comparison is believed that a pause could have made wrong.

mod rate;
mod stretch;

use gate::cpu::Stretch;
use gate::{clock, core_call, cpu, info};
use spin::Mutex;

use self::rate::Rate;

static RATE: Mutex<Rate> = Mutex::new(Rate::UNKNOWN);

/// Stretches at boot before the kernel gives up.
const TRIES_MAX: u32 = 32;
/// Ticks of the first one.
const FIRST_TICKS: u64 = 1000;
/// So many are each twice as long as the one before; the others are as long as the
/// last of these.
const DOUBLINGS: u32 = 10;

/// Starts the clock at zero for when the machine started. Until [`calibrate`] it
/// takes a tick for a nanosecond.
pub fn start() {
    let mut rate = RATE.lock();
    rate.page.base_tsc = info::boot().boot_tsc;
    clock::set(&rate.page);
    cpu::compare_clocks_from(rate::SHORTEST_NS);
    end_stretch();
}

/// Finds out the rate, from what has passed since [`start`]. Where that is too
/// short to tell, or too long, shorter stretches tell it roughly; and then the
/// long one can be read.
pub fn calibrate() {
    let mut rate = RATE.lock();
    let boot = rate.page.base_tsc;
    end_stretch();
    let since_start = cpu::take_stretch();
    if !learn(&mut rate, since_start, boot) {
        let _it_gave_up = (0..TRIES_MAX).any(|number| {
            let stretch = stretch_of(FIRST_TICKS << number.min(DOUBLINGS));
            learn(&mut rate, stretch, boot)
        });
        learn(&mut rate, since_start, boot);
    }
}

/// Learns from the stretch that ended with the timer's event, if the clocks were
/// compared in it.
pub fn refine() {
    if let Some(stretch) = cpu::take_stretch() {
        learn(&mut RATE.lock(), Some(stretch), clock::ticks());
    }
}

/// Takes what `stretch` says about the rate from `tsc` on, if that is better;
/// whether it is.
fn learn(rate: &mut Rate, stretch: Option<Stretch>, tsc: u64) -> bool {
    let comparison = stretch.and_then(|stretch| rate.compare(stretch));
    let is_better = comparison.is_some_and(|found| rate.refine(found, tsc));
    if is_better {
        clock::set(&rate.page);
    }
    cpu::compare_clocks_from(rate.shortest_ns());
    is_better
}

/// Has the timer of this CPU fire at `deadline`.
#[inline(never)]
pub fn arm(deadline: u64) {
    let page = clock::page();
    let wait = deadline.saturating_sub(page.monotonic_ns(clock::ticks()));
    core_call::arm_timer(wait, page.rate);
}

/// A stretch of at least so many ticks, unless an event ends it.
#[cold]
fn stretch_of(ticks: u64) -> Option<Stretch> {
    let start = clock::ticks();
    while clock::ticks().saturating_sub(start) < ticks {
        core::hint::spin_loop();
    }
    end_stretch();
    cpu::take_stretch()
}

/// Has the core arm the timer anew, though there is no deadline yet.
fn end_stretch() {
    core_call::arm_timer(u64::MAX, 0);
}
