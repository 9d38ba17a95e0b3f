//! Enters the gate page at every byte with forged registers, in one boot.
//!
//! Each attempt starts with EAX, ECX and EDX forged and the rights of the
//! attacking domain, in the state that the tokens have while that domain runs.
//! It ends in a fault, which is judged here instead of killing the domain. The
//! rights at that fault must be the attacker's, unless a check of the gate
//! stopped him or a cell did what it may: return.

use core::sync::atomic::Ordering::Relaxed;

use domains::attack::{
    ATTACKERS, ATTEMPTS, End, Forgery, HARMLESS_ENTRY, SAVED_MODES, SAVED_WORDS,
};
use domains::core_call::error;
use domains::cpu_page::offset;
use domains::layout::{APP, GATE_PAGE, PAGE_SIZE, Region, SAFE};
use domains::{Cell, Domain};

use crate::cpu::local::Local;
use crate::cpu::page::Caller;
use crate::memory::physical::WORDS;
use crate::report;
use crate::state::Core;
use crate::trap::registers::Registers;
use crate::trap::{Trap, cause, context};

/// Where the gate returns to. Nothing is ever mapped there, so that the return
/// faults, with the rights that the gate left.
const LANDING: u64 = APP.end - PAGE_SIZE;
/// The stack of the safe kernel, a page: empty while the application runs; while a
/// cell does, it holds what a call into it leaves there.
const SAFE_STACK: u64 = stack(SAFE);
/// The size of what such a call leaves.
const SAVED_BYTES: u64 = SAVED_WORDS * 8;
const ARMED: u64 = SAFE_STACK + PAGE_SIZE / 2;
/// Looks of the timer that an attempt may take.
const TICKS_MAX: u32 = 2;
/// And one that has not left the gate page.
const IN_GATE_MAX: u32 = 100;
/// Anomalies that are described.
const DESCRIBED: u32 = 16;

/// The attempts so far, and what waits for their end.
pub(crate) struct Sweep {
    attacker: Domain,
    cpu: u64,
    caller: Registers,
    bases: (u64, u64),
    pending: u64,
    attempt: u32,
    ticks: u32,
    anomalies: u32,
}

/// Begins the attempts of the domain with this number.
pub(super) fn begin(trap: &mut Trap<'_>, domain: u64) -> Result<u64, i64> {
    let attacker = Domain::from_number(domain).filter(|it| ATTACKERS.contains(it));
    let attacker = attacker.ok_or(error::INVALID)?;
    if trap.core.sweep.is_some() {
        return Err(error::INVALID);
    }
    for stack in [stack_of(attacker), SAFE_STACK] {
        trap.core.space.map(stack, 1, 0)?;
    }
    trap.core.sweep = Some(Sweep {
        attacker,
        cpu: trap.local.number,
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

/// Judges a fault if it ended an attempt, and starts the next.
pub(crate) fn caught(trap: &mut Trap<'_>) -> bool {
    let Some(sweep) = of_this_cpu(trap.core, trap.local) else {
        return false;
    };
    let armed = sweep
        .attacker
        .cell()
        .map_or(0, |cell| token(trap.local, cell));
    if !is_stopped(sweep.attacker, trap.caller, trap.registers, armed) {
        sweep.note_anomaly(trap.caller, trap.registers);
    }
    sweep.attempt += 1;
    sweep.ticks = 0;
    if sweep.attempt < ATTEMPTS {
        prepare(trap);
    } else {
        finish(trap);
    }
    // Whoever was interrupted is gone.
    trap.caller = trap.local.caller();
    true
}

/// Keeps events from an attempt, and ends one that takes too long.
pub(crate) fn interrupted(trap: &mut Trap<'_>) {
    let Some(sweep) = of_this_cpu(trap.core, trap.local) else {
        return;
    };
    sweep.pending |= trap.local.page.get(offset::PENDING);
    trap.local.page.set(offset::PENDING, 0);
    sweep.ticks += 1;
    // Where the host is busy, ticks come one after the other, and an attempt that
    // is about to die is given time to.
    let is_on_its_way = cause::is_in_gate(trap.registers.rip) && sweep.ticks <= IN_GATE_MAX;
    if sweep.ticks > TICKS_MAX && !is_on_its_way {
        caught(trap);
    }
}

/// The attempts that are made on this CPU.
fn of_this_cpu<'a>(core: &'a mut Core, local: &Local) -> Option<&'a mut Sweep> {
    let sweep = core.sweep.as_mut();
    sweep.filter(|sweep| sweep.cpu == local.number)
}

/// Makes the registers and the tokens those of the present attempt.
fn prepare(trap: &mut Trap<'_>) {
    let Some(sweep) = &trap.core.sweep else {
        return;
    };
    let (attacker, forgery) = (sweep.attacker, Forgery::new(sweep.attempt));
    let middle = stack_of(attacker) + PAGE_SIZE / 2;
    fill(trap.core, middle - 128, 256, LANDING);
    *trap.registers = Registers::entering(GATE_PAGE + forgery.offset, middle);
    trap.registers.rax = forgery.eax.into();
    trap.registers.rcx = forgery.ecx.into();
    trap.registers.rdx = forgery.edx.into();
    trap.registers.r11 = HARMLESS_ENTRY;
    clear_tokens(trap.local);
    match attacker.cell() {
        None => trap
            .local
            .page
            .set(offset::ENTRY_STACK, SAFE_STACK + PAGE_SIZE - 8),
        Some(cell) => {
            fill(trap.core, ARMED - 8, 8, SAVED_MODES);
            fill(trap.core, ARMED, SAVED_BYTES - 8, 0);
            fill(trap.core, ARMED + SAVED_BYTES - 8, 8, LANDING);
            trap.local.page.set(offset::armed(cell), ARMED);
            // Each attempt is a call of its own to the watchdog.
            trap.local.page.set(offset::CELL_ENTRY, HARMLESS_ENTRY);
        }
    }
    trap.local.assume(attacker);
}

fn token(local: &Local, cell: Cell) -> u64 {
    local.page.get(offset::armed(cell))
}

fn clear_tokens(local: &Local) {
    let cells = Cell::ALL.map(offset::armed);
    let tokens = [offset::ENTRY_STACK].into_iter().chain(cells);
    tokens.for_each(|token| local.page.set(token, 0));
}

/// Fills the `size` bytes at `address`, which lie in one mapped page.
fn fill(core: &Core, address: u64, size: u64, value: u64) {
    let Some(frame) = core.space.tables.find(address).frame() else {
        return;
    };
    let first = (address / 8) as usize % WORDS;
    let words = &core.words(frame)[first..first + size as usize / 8];
    words.iter().for_each(|word| word.store(value, Relaxed));
}

/// Returns from the core call that began the sweep.
fn finish(trap: &mut Trap<'_>) {
    let Some(sweep) = trap.core.sweep.take() else {
        return;
    };
    let (attacker, anomalies) = (sweep.attacker, sweep.anomalies);
    report::line(format_args!(
        "cloister: {ATTEMPTS} attempts of {attacker} on the gate page, {anomalies} anomalies"
    ));
    *trap.registers = sweep.caller;
    trap.registers.rax = u64::from(ATTEMPTS) << 32 | u64::from(anomalies);
    context::set_bases(sweep.bases.0, sweep.bases.1);
    clear_tokens(trap.local);
    trap.local.page.note(sweep.pending);
    trap.local.assume(Domain::Safe);
    for stack in [stack_of(attacker), SAFE_STACK] {
        // It was mapped when the sweep began.
        let _ = trap.core.space.unmap(stack, 1, 0);
    }
}

/// The page of a domain's stacks that the attempts use.
const fn stack(region: Region) -> u64 {
    region.stacks().end - 2 * PAGE_SIZE
}

fn stack_of(attacker: Domain) -> u64 {
    stack(match attacker {
        Domain::Cell(cell) => cell.region(),
        Domain::App => APP,
        Domain::Safe => SAFE,
    })
}

/// Whether a fault of `attacker` shows that he got nowhere; his token is `armed`.
fn is_stopped(attacker: Domain, caller: Caller, registers: &Registers, armed: u64) -> bool {
    let end = End {
        rights: caller.domain,
        died_in_gate: registers.vector == cause::INVALID && cause::is_in_gate(registers.rip),
        has_returned: (registers.rip, registers.rsp, armed)
            == (LANDING, ARMED + SAVED_BYTES, 0),
    };
    end.is_harmless(attacker)
}

impl Sweep {
    fn note_anomaly(&mut self, caller: Caller, registers: &Registers) {
        self.anomalies += 1;
        if self.anomalies <= DESCRIBED {
            let Forgery {
                offset,
                eax,
                ecx,
                edx,
            } = Forgery::new(self.attempt);
            report::line(format_args!(
                "cloister: gate +{offset:#x} eax {eax:#x} ecx {ecx} edx {edx}: vector {} error \
                 {:#x} rip {:#x} pkru {}",
                registers.vector, registers.error, registers.rip, caller.pkru,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use domains::Pkru;

    use super::*;

    fn caller(domain: Domain) -> Caller {
        Caller {
            domain: Some(domain),
            pkru: Pkru::of(domain),
        }
    }

    #[test]
    fn the_safe_kernels_rights_are_for_a_whole_return_only() {
        let landed = Registers::entering(LANDING, ARMED + SAVED_BYTES);
        let safe = caller(Domain::Safe);
        let elsewhere = Registers::entering(LANDING + 1, ARMED + SAVED_BYTES);
        for cell in Cell::ALL {
            let attacker = Domain::Cell(cell);
            assert!(is_stopped(attacker, safe, &landed, 0));
            assert!(!is_stopped(attacker, safe, &landed, ARMED));
            assert!(!is_stopped(attacker, safe, &elsewhere, 0));
            let own_stack = Registers::entering(LANDING, stack_of(attacker));
            assert!(!is_stopped(attacker, safe, &own_stack, 0));
        }
        assert!(!is_stopped(Domain::App, safe, &landed, 0));
    }
}
