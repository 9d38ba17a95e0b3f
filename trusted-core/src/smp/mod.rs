//! The other CPUs: woken, interrupted, and told to forget.
//!
//! The host tool says how many there are. The CPU that boots gives each other
//! what it needs ([`seat`]) and wakes it ([`wake`]). Each comes by [`entry`] to [`join`],
//! where it makes itself the equal of the first and sleeps, until the safe
//! kernel wants it. From then on it counts for [`shootdown`].

#[cfg_attr(not(target_os = "none"), path = "no_entry.rs")]
mod entry;
pub(crate) mod ids;
mod join;
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
use ids::Ids;

/// The CPUs that are up.
pub(crate) struct Cpus {
    /// Their APIC ids, by number.
    pub(crate) ids: Ids,
    /// Where the safe kernel starts on each.
    pub(crate) start: u64,
    are_started: bool,
}

impl Cpus {
    /// CPUs that wait to enter the safe kernel at `start`.
    pub(crate) const fn new(ids: Ids, start: u64) -> Cpus {
        Cpus {
            ids,
            start,
            are_started: false,
        }
    }

    /// Whether the machine has more than one that is used.
    pub(crate) fn are_several(&self) -> bool {
        self.ids.count() > 1
    }
}

/// Interrupts CPU `number`, which then finds a reschedule among its events.
pub(crate) fn kick(core: &Core, local: &Local, number: u64) -> Result<(), i64> {
    let id = core.cpus.ids.get(number).ok_or(error::INVALID)?;
    if number == local.number {
        local.page.note(pending::RESCHEDULE);
    } else {
        lapic::interrupt(id, KICK);
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
pub(crate) fn start(core: &mut Core, local: &Local) -> Result<(), i64> {
    if core.cpus.are_started {
        return Err(error::INVALID);
    }
    core.cpus.are_started = true;
    shootdown::join(local.number);
    join::release();
    let others = core.cpus.ids.others();
    others.iter().for_each(|id| lapic::interrupt(*id, KICK));
    Ok(())
}
