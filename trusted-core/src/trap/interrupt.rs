//! Interrupts: an upcall into the safe kernel, or a note for later.
//!
//! *An interrupt is a gate call that the application did not make.* A kernel is
//! never interrupted: it finds the event in its CPU page when it leaves or
//! idles. The timer comes back shortly while an event waits, because it may
//! have come after the kernel's last look.

use domains::cpu_page::{SEEN, offset, pending};
use domains::report::Cause;
use domains::{Cell, Domain};

use super::{Trap, context, fault, tick};
use crate::cpu::local::Local;
use crate::cpu::vectors::{FIRST_DEVICE, KICK, LAST_DEVICE, SPURIOUS, TIMER};
use crate::device::lapic;
use crate::hooks;
use crate::state::Core;
use crate::time::looks::{LONGEST_NS, LONGEST_OF_MANY_NS};
use crate::time::timer::Until;

/// Handles an interrupt of ring 3.
pub(crate) fn handle(trap: &mut Trap<'_>) {
    let local = trap.local;
    let is_tick = trap.registers.vector == u64::from(TIMER);
    note(trap.core, local, trap.registers.vector);
    hooks::interrupted(trap);
    let domain = trap.caller.domain;
    let cell = domain.and_then(Domain::cell);
    let is_look = local.looks.get().are_due(is_tick, cell.is_some());
    if is_look {
        look(trap);
    }
    if let Some(cell) = cell {
        // Its call returns to the safe kernel, which looks before it leaves.
        // DEFENCE: look-not-put-off
        if is_look {
            tick::arm(local, Until::Run);
        }
        if is_look && local.looks.get().exceed(deadline_ms(trap.core, cell)) {
            fault::convict(trap, Cause::Deadline);
        }
        return;
    }
    let is_waiting = local.page.get(offset::PENDING) != 0;
    let is_taken = is_waiting && domain == Some(Domain::App) && context::upcall(trap);
    let until = if is_waiting && !is_taken {
        Until::Guard
    } else {
        Until::Run
    };
    tick::arm(local, until);
}

/// How long a call of `cell` may take, in milliseconds.
fn deadline_ms(core: &Core, cell: Cell) -> u32 {
    match core.cell_deadline_ms {
        0 => cell.deadline_ms(),
        chosen => chosen,
    }
}

/// Looks for a cell that does not return; less often where none is called, if
/// this is the only CPU.
fn look(trap: &Trap<'_>) {
    let local = trap.local;
    let is_under_way = matches!(trap.caller.domain, Some(Domain::Cell(_)));
    let longest_ns = match trap.core.cpus.count > 1 {
        true => LONGEST_OF_MANY_NS,
        false => LONGEST_NS,
    };
    let call = local.page.get(offset::CELL_ENTRY);
    local.page.set(offset::CELL_ENTRY, call | SEEN);
    let is_known = call & SEEN != 0;
    let looks = local.looks.get();
    local
        .looks
        .set(looks.and(is_known, is_under_way, longest_ns));
}

/// Notes what an interrupt says, and ends it.
pub(crate) fn note(core: &mut Core, local: &Local, vector: u64) {
    match u8::try_from(vector) {
        Ok(SPURIOUS) => return,
        Ok(TIMER) => tick::note(local),
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
