//! The CPUs, each with its schedule.
//!
//! A thread can go on elsewhere after every switch. So what a function learns
//! here of "this" CPU holds until it switches, and no longer.

use domains::cpu_page::CPUS_MAX;
use gate::info;

use super::fleet::{self, Fleet};
use crate::thread::ThreadRef;

/// One CPU.
pub type Cpu = fleet::Cpu<ThreadRef>;

/// All CPUs.
pub static FLEET: Fleet<ThreadRef> = Fleet::new();

/// The CPU that this runs on.
#[inline(always)]
pub fn this() -> &'static Cpu {
    FLEET.cpu(number())
}

/// The number of the CPU that this runs on.
#[inline(always)]
pub fn number() -> usize {
    gate::cpu::number()
}

/// How many CPUs threads can run on.
pub fn count() -> usize {
    usize::try_from(info::boot().cpus)
        .unwrap_or(1)
        .clamp(1, CPUS_MAX)
}

/// The running thread; none before the first one has started.
#[inline(always)]
pub fn current() -> Option<ThreadRef> {
    this().look().current()
}
