//! What each CPU has for itself.
//!
//! One CPU runs today. The table has room for more, and nothing outside this
//! module assumes that there is one.

use domains::cpu_page::CPUS_MAX;
use gate::info;
use spin::Mutex;

use crate::schedule::Schedule;
use crate::thread::ThreadRef;

/// One CPU's own state.
#[derive(Debug)]
pub struct Cpu {
    /// Whose turn it is.
    pub schedule: Mutex<Schedule>,
}

static CPUS: [Cpu; CPUS_MAX] = [const {
    Cpu {
        schedule: Mutex::new(Schedule::new()),
    }
}; CPUS_MAX];

/// The CPU that this runs on.
#[inline(always)]
pub fn this() -> &'static Cpu {
    get(gate::cpu::number())
}

/// The CPU of this number; the first one if there is none.
#[inline(always)]
pub fn get(number: usize) -> &'static Cpu {
    CPUS.get(number).unwrap_or(&CPUS[0])
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
    this().schedule.lock().current()
}
