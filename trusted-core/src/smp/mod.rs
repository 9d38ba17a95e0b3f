//! The other CPUs: woken, interrupted, and told to forget.
//!
//! The host tool says how many there are. The CPU that boots gives each other
//! what it needs ([`seat`]) and wakes it ([`wake`]). Each comes by the stub to [`join`],
//! where it makes itself the equal of the first and sleeps, until the safe
//! kernel wants it. From then on it counts for [`shootdown`].

pub(crate) mod join;
pub(crate) mod offer;
pub(crate) mod seat;
pub(crate) mod shootdown;
pub(crate) mod wake;

use domains::core_call::error;
use domains::cpu_page::pending;

use crate::cpu::local::Local;
use crate::cpu::vectors::KICK;
use crate::device::lapic;
use crate::state::Core;

/// The CPUs that are up.
pub(crate) struct Cpus {
    /// How many there are. They are numbered from zero, as their APICs are.
    pub(crate) count: u32,
    /// Where the safe kernel starts on each.
    pub(crate) start: u64,
    /// Whether it has started on the others.
    pub(crate) are_started: bool,
}

/// Interrupts CPU `number`, which then finds a reschedule among its events.
pub(crate) fn kick(core: &Core, local: &Local, number: u64) -> Result<(), i64> {
    if number >= u64::from(core.cpus.count) {
        return Err(error::INVALID);
    }
    if number == local.number {
        local.page.note(pending::RESCHEDULE);
    } else {
        lapic::interrupt(number as u8, KICK);
    }
    Ok(())
}

/// Interrupts all other CPUs, which stop when they see that the machine has
/// ended.
pub(crate) fn stop_others() {
    if shootdown::have_others() {
        lapic::interrupt_others(KICK);
    }
}

/// Lets the CPUs that wait enter the safe kernel. Once.
pub(crate) fn start(core: &mut Core) -> Result<(), i64> {
    if core.cpus.are_started {
        return Err(error::INVALID);
    }
    core.cpus.are_started = true;
    join::release();
    (1..core.cpus.count).for_each(|number| lapic::interrupt(number as u8, KICK));
    Ok(())
}
