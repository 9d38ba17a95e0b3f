//! The core's side of the attack tests. Release images refuse this feature.
//!
//! Hook [`SWEEP`] enters the gate page at every byte offset with forged EAX,
//! ECX and EDX and the application's rights, in one boot: each attempt ends in
//! a fault, which is judged here instead of killing the application. The other
//! hooks take a wall away, to show that the test of that wall has power.

use core::sync::atomic::Ordering::Relaxed;

mod blunt;

use domains::core_call::error;
use domains::cpu_page::offset;
use domains::layout::{APP, GATE_PAGE, PAGE_SIZE, SAFE};
use domains::{Area, Domain, Pkru};

use crate::call::Arguments;
use crate::cpu::page::Caller;
use crate::cpu::{tlb, vector_state};
use crate::memory::entry::Rights;
use crate::memory::physical::WORDS;
use crate::memory::tables::store;
use crate::report;
use crate::state::Core;
use crate::trap::registers::Registers;
use crate::trap::{Trap, cause, context};

/// Tries the gate page. The result holds the attempts in its high half and the
/// anomalies in its low half.
const SWEEP: u64 = 1;
/// Sets bit 9 of XCR0 if the argument is not zero, else clears it: whether
/// XRSTOR can change PKRU.
const PKRU_BY_XRSTOR: u64 = 2;
/// Gives the page at the argument the application's key.
const OPEN_PAGE: u64 = 3;
/// Takes checks out of the gate page: with argument 0 the comparison behind
/// each WRPKRU, with argument 1 the look at each token. How many there were.
const BLUNT_GATE: u64 = 4;

const FORGED_EAX: [u32; 5] = [
    0,
    Pkru::of(Domain::Safe).bits(),
    Pkru::of(Domain::Unsafe).bits(),
    Pkru::of(Domain::App).bits(),
    u32::MAX,
];
/// ECX and EDX are zero or one.
const FORGED_REST: u32 = 4;
const ATTEMPTS: u32 = PAGE_SIZE as u32 * FORGED_EAX.len() as u32 * FORGED_REST;

/// Where the gate returns to. Nothing is ever mapped there, so that the return
/// faults, with the rights that the gate left.
const LANDING: u64 = APP.end - PAGE_SIZE;
/// The stacks of an attempt, a page each.
const APP_STACK: u64 = APP.stacks().end - 2 * PAGE_SIZE;
const KERNEL_STACK: u64 = SAFE.stacks().end - 2 * PAGE_SIZE;
/// A slot of the entry table that refuses the call.
const NO_ENTRY: u64 = 127;
/// Looks of the timer that an attempt may take.
const TICKS_MAX: u32 = 2;
/// Anomalies that are described.
const DESCRIBED: u32 = 16;

/// The attempts so far, and what waits for their end.
pub(crate) struct Sweep {
    caller: Registers,
    bases: (u64, u64),
    pending: u64,
    attempt: u32,
    ticks: u32,
    anomalies: u32,
}

/// Makes hook number `hook`. What it answers is the result of the call, which
/// [`SWEEP`] makes when it is through.
pub(crate) fn call(trap: &mut Trap<'_>, [hook, argument, ..]: Arguments) -> Result<u64, i64> {
    match hook {
        SWEEP => begin(trap),
        PKRU_BY_XRSTOR => {
            vector_state::let_xrstor_write_pkru(argument != 0);
            Ok(0)
        }
        OPEN_PAGE => open(trap.core, argument),
        BLUNT_GATE => blunt::gate(trap.core, argument),
        _ => Err(error::INVALID),
    }
}

/// Judges a fault if it ended an attempt, and starts the next.
pub(crate) fn caught(trap: &mut Trap<'_>) -> bool {
    let Some(sweep) = &mut trap.core.sweep else {
        return false;
    };
    let is_gate_check =
        trap.registers.vector == cause::INVALID && cause::is_in_gate(trap.registers.rip);
    if trap.caller.domain != Some(Domain::App) && !is_gate_check {
        sweep.note_anomaly(trap.caller, trap.registers);
    }
    sweep.attempt += 1;
    sweep.ticks = 0;
    if sweep.attempt < ATTEMPTS {
        prepare(trap)
    } else {
        finish(trap)
    }
    true
}

/// Keeps events from an attempt, and ends one that takes too long.
pub(crate) fn interrupted(trap: &mut Trap<'_>) {
    let Some(sweep) = &mut trap.core.sweep else {
        return;
    };
    sweep.pending |= trap.local.page.get(offset::PENDING);
    trap.local.page.set(offset::PENDING, 0);
    sweep.ticks += 1;
    if sweep.ticks > TICKS_MAX {
        caught(trap);
    }
}

fn begin(trap: &mut Trap<'_>) -> Result<u64, i64> {
    for stack in [APP_STACK, KERNEL_STACK] {
        trap.core.space.map(stack, 1, 0)?;
    }
    trap.core.sweep = Some(Sweep {
        caller: *trap.registers,
        bases: context::bases(),
        pending: trap.local.page.get(offset::PENDING),
        attempt: 0,
        ticks: 0,
        anomalies: 0,
    });
    trap.local.page.set(offset::PENDING, 0);
    prepare(trap);
    Ok(trap.registers.rax)
}

/// Makes the registers those of the present attempt.
fn prepare(trap: &mut Trap<'_>) {
    let attempt = trap.core.sweep.as_ref().map_or(0, |sweep| sweep.attempt);
    let (offset, eax, ecx, edx) = forged(attempt);
    let middle = PAGE_SIZE / 2;
    if let Some(frame) = trap.core.space.tables.find(APP_STACK).frame() {
        let around = &trap.core.words(frame)[WORDS / 2 - 16..WORDS / 2 + 16];
        around.iter().for_each(|word| word.store(LANDING, Relaxed));
    }
    *trap.registers = Registers::entering(GATE_PAGE + offset, APP_STACK + middle);
    (trap.registers.rax, trap.registers.rcx, trap.registers.rdx) = (eax, ecx, edx);
    trap.registers.r11 = NO_ENTRY;
    trap.local.page.set(offset::ARMED, 0);
    trap.local
        .page
        .set(offset::ENTRY_STACK, KERNEL_STACK + PAGE_SIZE);
    trap.local.assume(Domain::App);
}

/// Offset and registers of attempt number `attempt`.
fn forged(attempt: u32) -> (u64, u64, u64, u64) {
    let (rest, eax) = (attempt / 5, FORGED_EAX[attempt as usize % 5]);
    let (offset, bits) = (rest / FORGED_REST, rest % FORGED_REST);
    (
        u64::from(offset),
        u64::from(eax),
        u64::from(bits & 1),
        u64::from(bits >> 1),
    )
}

/// Returns from the core call that began the sweep.
fn finish(trap: &mut Trap<'_>) {
    let Some(sweep) = trap.core.sweep.take() else {
        return;
    };
    let anomalies = sweep.anomalies;
    report::line(format_args!(
        "cloister: {ATTEMPTS} attempts on the gate page, {anomalies} anomalies"
    ));
    *trap.registers = sweep.caller;
    trap.registers.rax = u64::from(ATTEMPTS) << 32 | u64::from(anomalies);
    context::set_bases(sweep.bases.0, sweep.bases.1);
    trap.local.page.set(offset::ENTRY_STACK, 0);
    trap.local.page.note(sweep.pending);
    trap.local.assume(Domain::Safe);
    for stack in [APP_STACK, KERNEL_STACK] {
        // It was mapped when the sweep began.
        let _ = trap.core.space.unmap(stack, 1);
    }
}

impl Sweep {
    fn note_anomaly(&mut self, caller: Caller, registers: &Registers) {
        self.anomalies += 1;
        if self.anomalies <= DESCRIBED {
            let (offset, eax, ecx, edx) = forged(self.attempt);
            report::line(format_args!(
                "cloister: gate +{offset:#x} eax {eax:#x} ecx {ecx} edx {edx}: vector {} error \
                 {:#x} rip {:#x} pkru {}",
                registers.vector, registers.error, registers.rip, caller.pkru,
            ));
        }
    }
}

fn open(core: &mut Core, address: u64) -> Result<u64, i64> {
    let page = address & !(PAGE_SIZE - 1);
    let frame = core
        .space
        .tables
        .find(page)
        .frame()
        .ok_or(error::BAD_ADDRESS)?;
    let entry = core.space.user(frame, Area::App, Rights::Write);
    let (_, slot) = core.space.slots(page, 1).next().ok_or(error::BAD_ADDRESS)?;
    store(slot, entry);
    tlb::flush(page);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_tried_with_every_forgery() {
        assert_eq!(forged(0), (0, 0, 0, 0));
        assert_eq!(
            forged(ATTEMPTS - 1),
            (PAGE_SIZE - 1, u64::from(u32::MAX), 1, 1)
        );
        let with_all = (0..ATTEMPTS).filter(|attempt| forged(*attempt).0 == 7);
        assert_eq!(with_all.count(), 20);
    }
}
