//! The timer: arming, sleeping, and comparing clocks on the way.

use core::arch::x86_64::_rdtsc;

use domains::cpu_page::{offset, pending};

use crate::cpu::local::Local;
use crate::device::lapic;
use crate::smp::shootdown;
use crate::state::{self, Core};
use crate::time::refine::{Sample, Stretch};
use crate::time::timer::{Timer, Until};

/// Shorter waits are not worth a comparison of the clocks.
const SHORT_NS: u32 = 200_000;

/// The time-stamp counter.
#[expect(unsafe_code, reason = "RDTSC is an intrinsic")]
pub(crate) fn counter() -> u64 {
    // SAFETY: every 64-bit CPU has the instruction.
    unsafe { _rdtsc() }
}

/// Both counters.
pub(crate) fn sample() -> Sample {
    let before = counter();
    let left = lapic::left();
    Sample {
        before,
        left,
        after: counter(),
    }
}

/// Sets the safe kernel's deadline and arms the timer for it.
pub(crate) fn set_deadline(core: &mut Core, local: &Local, deadline: u64) {
    local.timer.set(Timer::armed(deadline));
    arm(core, local, Until::Run);
}

/// Notes that the deadline has passed, if it has.
pub(crate) fn note_deadline(core: &Core, local: &Local) {
    if local.timer.get().is_due(core.clock.now(counter())) {
        local.timer.set(Timer::DISARMED);
        local.page.note(pending::TIMER);
    }
}

/// Arms the timer for what the CPU does next.
pub(crate) fn arm(core: &mut Core, local: &Local, until: Until) {
    compare(core, local);
    let look = local.pace.get().period_ns();
    let wait = local
        .timer
        .get()
        .wait(core.clock.now(counter()), until, look);
    let Some(wait) = wait else {
        return lapic::disarm();
    };
    let count = u32::try_from(wait).unwrap_or(u32::MAX).max(1);
    if count < SHORT_NS || !core.clock.wants_comparison() {
        return lapic::arm(count);
    }
    lapic::arm_again_and_again(count);
    let start = sample();
    local.stretch.set(Some(Stretch {
        start,
        period: count,
    }));
}

/// Sleeps until an event is pending.
pub(crate) fn idle(local: &Local) {
    shootdown::sleep(local.number);
    while local.page.get(offset::PENDING) == 0 {
        state::with(|core| arm(core, local, Until::Idle));
        x86_64::instructions::interrupts::enable_and_hlt();
        x86_64::instructions::interrupts::disable();
    }
    shootdown::wake(local.number);
    state::with(|core| arm(core, local, Until::Run));
}

/// Ends the stretch since the timer was armed, and learns from it.
fn compare(core: &mut Core, local: &Local) {
    let Some(stretch) = local.stretch.take() else {
        return;
    };
    let end = sample();
    let about = core
        .clock
        .now(end.before)
        .saturating_sub(core.clock.now(stretch.start.after));
    if let Some(comparison) = stretch.compare(end, about) {
        core.clock.refine(comparison, end.after);
    }
}
