//! Interrupts: an upcall into the safe kernel, or a note for later.
//!
//! *An interrupt is a gate call that the application did not make.* A kernel is
//! never interrupted: it finds the event in its CPU page when it leaves or
//! idles. The timer comes back shortly while an event waits, because it may
//! have come after the kernel's last look.

use domains::Domain;
use domains::cpu_page::{offset, pending};
use domains::report::Cause;

use super::{Trap, context, fault, tick};
use crate::cpu::local::Local;
use crate::cpu::vectors::{FIRST_DEVICE, KICK, LAST_DEVICE, SPURIOUS, TIMER};
use crate::device::lapic;
use crate::hooks;
use crate::state::Core;
use crate::time::timer::Until;

/// Handles an interrupt of ring 3.
pub(crate) fn handle(trap: &mut Trap<'_>) {
    note(trap.core, trap.local, trap.registers.vector);
    hooks::interrupted(trap);
    let domain = trap.caller.domain;
    note_pace(trap.core, trap.local, domain);
    if matches!(domain, Some(Domain::Cell(_))) && is_too_long(trap.core, trap.local) {
        tick::arm(trap.core, trap.local, Until::Run);
        return fault::convict(trap, Cause::Deadline);
    }
    let is_waiting = trap.local.page.get(offset::PENDING) != 0;
    let is_taken = is_waiting && domain == Some(Domain::App) && context::upcall(trap);
    let until = if is_waiting && !is_taken {
        Until::Guard
    } else {
        Until::Run
    };
    tick::arm(trap.core, trap.local, until);
}

/// Notes what an interrupt says, and ends it.
pub(crate) fn note(core: &mut Core, local: &Local, vector: u64) {
    match u8::try_from(vector) {
        Ok(SPURIOUS) => return,
        Ok(TIMER) => tick::note_deadline(core, local),
        // Whatever another CPU waits for was done when the lock was taken.
        Ok(KICK) => local.page.note(pending::RESCHEDULE),
        Ok(vector @ FIRST_DEVICE..=LAST_DEVICE) => {
            let device = usize::from(vector - FIRST_DEVICE);
            // DEFENCE: interrupt-acknowledged
            if core.devices.acknowledge(device) {
                local.page.note(pending::device(device));
            }
        }
        _ => {}
    }
    lapic::end_interrupt();
}

/// Looks less often where no cell is called, if this is the only CPU.
fn note_pace(core: &Core, local: &Local, domain: Option<Domain>) {
    if core.cpus.count > 1 {
        return;
    }
    let calls = local.page.get(offset::CELL_CALLS);
    let is_under_way = matches!(domain, Some(Domain::Cell(_)));
    local.pace.set(local.pace.get().after(calls, is_under_way));
}

fn is_too_long(core: &Core, local: &Local) -> bool {
    let mut watchdog = local.watchdog.get();
    let now = core.clock.now(tick::counter());
    let is_too_long = watchdog.look(local.page.get(offset::CELL_CALLS), now);
    local.watchdog.set(watchdog);
    is_too_long
}
