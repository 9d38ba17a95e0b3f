//! The timer: armed for what comes first, noted when it fires, and slept with.

use core::arch::x86_64::_rdtsc;

use domains::cpu_page::{offset, pending};

use crate::cpu::local::Local;
use crate::cpu::page::CpuPage;
use crate::device::lapic::{self, Mode};
use crate::smp::shootdown;
use crate::time::timer::{Deadline, GUARD_NS, NEVER, Until};

/// The time-stamp counter.
#[expect(unsafe_code, reason = "RDTSC is an intrinsic")]
pub(crate) fn counter() -> u64 {
    // SAFETY: every 64-bit CPU has the instruction.
    unsafe { _rdtsc() }
}

/// Sets the safe kernel's deadline and arms the timer for it.
pub(crate) fn set_deadline(local: &Local, wait: u64, rate: u64) {
    let since = counter();
    local.deadline.set(Deadline { since, wait, rate });
    arm(local, Until::Run);
}

/// Notes an event if the timer ran for the safe kernel, which sets the deadline
/// anew then.
pub(crate) fn note(local: &Local) {
    if local.is_alarm.get() || local.page.get(offset::TIMER_PERIOD) != 0 {
        local.deadline.set(Deadline::NONE);
        local.page.note(pending::TIMER);
    }
}

/// Arms the timer for what the CPU does next.
pub(crate) fn arm(local: &Local, until: Until) {
    let look = match until {
        Until::Run => local.looks.get().period_ns,
        Until::Guard => GUARD_NS,
        Until::Idle => NEVER,
    };
    let own = local.deadline.get().left(counter());
    local.is_alarm.set(own <= look);
    let count = match own.min(look) {
        NEVER => 0,
        wait => u32::try_from(wait).unwrap_or(u32::MAX).max(1),
    };
    if (1..=count.into()).contains(&local.page.get(offset::COMPARE_FROM)) {
        return compare(local.page, count);
    }
    local.page.set(offset::TIMER_PERIOD, 0);
    lapic::arm(count, Mode::OneShot);
}

/// Sleeps until an event is pending.
pub(crate) fn idle(local: &Local) {
    shootdown::sleep(local.number);
    while local.page.get(offset::PENDING) == 0 {
        arm(local, Until::Idle);
        x86_64::instructions::interrupts::enable_and_hlt();
        x86_64::instructions::interrupts::disable();
    }
    shootdown::wake(local.number);
    arm(local, Until::Run);
}

/// Starts the timer with the period `count`, and tells the safe kernel how long
/// it ran before, by its own count and by the time-stamp counter. It is periodic
/// because a one-shot stops at zero and cannot say how long ago that was.
fn compare(page: CpuPage, count: u32) {
    let (before, left, after) = sample();
    let word = |offset| page.get(offset);
    let part = word(offset::TIMER_LEFT).wrapping_sub(left);
    let least = before.wrapping_sub(word(offset::TIMER_AFTER));
    let most = after.wrapping_sub(word(offset::TIMER_BEFORE));
    page.set(offset::STRETCH_PERIOD, word(offset::TIMER_PERIOD));
    page.set(offset::STRETCH_PART, part);
    page.set(offset::STRETCH_LEAST, least);
    page.set(offset::STRETCH_MOST, most);
    lapic::arm(count, Mode::Periodic);
    let (before, left, after) = sample();
    page.set(offset::TIMER_PERIOD, count.into());
    page.set(offset::TIMER_LEFT, left);
    page.set(offset::TIMER_BEFORE, before);
    page.set(offset::TIMER_AFTER, after);
}

/// What the timer still has to count, between two readings of the other counter:
/// they bound the error, however long the host kept the CPU away in between.
fn sample() -> (u64, u64, u64) {
    (counter(), lapic::left().into(), counter())
}
