//! The gate page under attack, on the processor and before anything is timed.
//!
//! What the attack tests do in QEMU is done here to a child with the walls of this
//! process ([`domains::attack`]). It is stopped, gets the rights of the attacking
//! domain and forged registers, and is let go somewhere in the page, until it
//! faults. The rights at that fault must be the attacker's, unless a check of the
//! gate stopped him or a cell did what it may: return.
//!
//! Then the checks are taken out, one kind after the other, and the same attack
//! must get through: else it would have no power.

mod child;
mod mutant;
mod tracee;

use std::fmt;

use domains::attack::{
    ATTACKERS, ATTEMPTS, Check, End, Forgery, HARMLESS_ENTRY, SAVED_MODES, SAVED_WORDS, mutants,
};
use domains::cpu_page::offset;
use domains::layout::{APP, CPU_PAGE, GATE_PAGE, PAGE_SIZE};
use domains::{Cell, Domain, Pkru};
use libc::user_regs_struct as Registers;

use crate::Stop;
use crate::page::GatePage;
use crate::walls::{self, Walls};
use tracee::{Fault, Tracee};

/// Where the gate returns to. Nothing is mapped there, so that the return
/// faults, with the rights that the gate left.
const LANDING: u64 = APP.end - PAGE_SIZE;
/// Where a call into a cell leaves what it saves, on the safe kernel's
/// stack: the token to return with.
const ARMED: u64 = walls::stack(Domain::Safe).end - PAGE_SIZE / 2;
/// Words of the attacker's stack on each side of where it is.
const AROUND: usize = 16;

/// What was tried in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attacks {
    /// How often the page was entered.
    pub(crate) attempts: u32,
    /// How many attacks on pages without some check got through, as they must.
    pub(crate) mutants: usize,
}

impl fmt::Display for Attacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attacks { attempts, mutants } = self;
        write!(
            f,
            "{attempts} forged entries into the gates, none got through; without some check \
             {mutants} attacks of {mutants} did"
        )
    }
}

/// Attacks `page`, which must have walls, and its mutants.
pub(crate) fn run(walls: &mut Walls, page: &GatePage) -> Result<Attacks, Stop> {
    for attacker in ATTACKERS {
        if let Some(how) = sweep(walls, page.code(), attacker)? {
            let why = format!("{attacker} got through the gates: {how}");
            return Err(Stop::Failed(why));
        }
    }
    for (attacker, check) in mutants() {
        catch_mutant(walls, page.code(), attacker, check)?;
    }
    Ok(Attacks {
        attempts: ATTEMPTS * ATTACKERS.len() as u32,
        mutants: mutants().count(),
    })
}

/// Fails unless `attacker` gets through the page without `check`.
fn catch_mutant(
    walls: &mut Walls,
    code: &[u8],
    attacker: Domain,
    check: Check,
) -> Result<(), Stop> {
    let mutant = mutant::without(code, check);
    let why = match sweep(walls, &mutant, attacker)? {
        Some(_) => return Ok(()),
        None if mutant == code => "the page has none of them",
        None => "and yet nothing got through",
    };
    Err(Stop::Failed(format!(
        "the gates without their {} checks, attacked by {attacker}: {why}",
        check.name()
    )))
}

/// Makes all attempts of `attacker`; what the first was that got through.
fn sweep(walls: &mut Walls, code: &[u8], attacker: Domain) -> Result<Option<String>, Stop> {
    walls.set_gates(code)?;
    walls.set_running(attacker);
    let mut tracee = Tracee::start()?;
    for number in 0..ATTEMPTS {
        let forgery = Forgery::new(number);
        let (fault, armed) = attempt(&mut tracee, attacker, forgery)
            .map_err(|why| Stop::Failed(format!("{attacker} with {forgery:x?}: {why}")))?;
        if !end(&fault, armed).is_harmless(attacker) {
            return Ok(Some(format!("{forgery:x?} ends in {fault}")));
        }
    }
    Ok(None)
}

/// Has `attacker` enter the page in the state that the tokens have while he runs;
/// the fault that ends it, and the token to return with.
fn attempt(
    tracee: &mut Tracee,
    attacker: Domain,
    forgery: Forgery,
) -> Result<(Fault, u64), String> {
    let middle = walls::stack(attacker).end - PAGE_SIZE / 2;
    tracee.write(middle - 8 * AROUND as u64, &[LANDING; 2 * AROUND])?;
    set_tokens(tracee, attacker)?;
    let registers = registers(tracee.registers(), forgery, middle);
    let fault = tracee.enter(Pkru::of(attacker), &registers)?;
    let armed = attacker
        .cell()
        .map_or(Ok(0), |cell| tracee.read(armed_word(cell)))?;
    Ok((fault, armed))
}

/// Sets the tokens as they are while `attacker` runs, and what a call into a cell
/// has left on the stack.
fn set_tokens(tracee: &Tracee, attacker: Domain) -> Result<(), String> {
    let entry_stack = walls::running(attacker).entry_stack;
    let mut saved = [0; SAVED_WORDS as usize];
    saved[SAVED_WORDS as usize - 1] = LANDING;
    tracee.write(ARMED - 8, &[SAVED_MODES])?;
    tracee.write(ARMED, &saved)?;
    tracee.write(cpu_word(offset::ENTRY_STACK), &[entry_stack])?;
    Cell::ALL.into_iter().try_for_each(|cell| {
        let armed = if attacker == Domain::Cell(cell) {
            ARMED
        } else {
            0
        };
        tracee.write(armed_word(cell), &[armed])
    })
}

/// The address of the token of `cell`.
const fn armed_word(cell: Cell) -> u64 {
    cpu_word(offset::armed(cell))
}

/// The address of a word of the CPU page.
const fn cpu_word(offset: usize) -> u64 {
    CPU_PAGE + offset as u64
}

/// Those of `from` that only the kernel knows, the forged ones, and no others.
fn registers(from: &Registers, forgery: Forgery, stack: u64) -> Registers {
    Registers {
        rip: GATE_PAGE + forgery.offset,
        rsp: stack,
        rax: forgery.eax.into(),
        rcx: forgery.ecx.into(),
        rdx: forgery.edx.into(),
        // A number that no file has, should some byte be a system call.
        rdi: u64::MAX,
        r11: HARMLESS_ENTRY,
        rbx: 0,
        rbp: 0,
        rsi: 0,
        r8: 0,
        r9: 0,
        r10: 0,
        ..*from
    }
}

/// What a fault with the token `armed` says.
fn end(fault: &Fault, armed: u64) -> End {
    let in_gate = GATE_PAGE..GATE_PAGE + PAGE_SIZE;
    let (rip, rsp) = (fault.registers.rip, fault.registers.rsp);
    End {
        rights: fault.pkru.domain(),
        died_in_gate: fault.signal == libc::SIGILL && in_gate.contains(&rip),
        has_returned: (rip, rsp, armed) == (LANDING, ARMED + 8 * SAVED_WORDS, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(signal: i32, rip: u64, rsp: u64) -> Fault {
        Fault {
            signal,
            pkru: Pkru::of(Domain::Safe),
            registers: Registers {
                rip,
                rsp,
                ..tracee::no_registers()
            },
        }
    }

    #[test]
    fn a_return_is_one_of_the_whole_call() {
        let behind = ARMED + 8 * SAVED_WORDS;
        let has_returned = |rip, rsp, armed| {
            let end = end(&fault(libc::SIGSEGV, rip, rsp), armed);
            assert_eq!(end.rights, Some(Domain::Safe));
            end.has_returned
        };
        assert!(has_returned(LANDING, behind, 0));
        assert!(!has_returned(LANDING, behind, ARMED));
        assert!(!has_returned(LANDING + 1, behind, 0));
        assert!(!has_returned(
            LANDING,
            walls::stack(Domain::Cell(Cell::Console)).end,
            0
        ));
    }

    #[test]
    fn a_gate_dies_of_an_instruction_in_its_page() {
        let died = |signal, rip| end(&fault(signal, rip, 0), 0).died_in_gate;
        assert!(died(libc::SIGILL, GATE_PAGE + 7));
        assert!(!died(libc::SIGSEGV, GATE_PAGE + 7));
        assert!(!died(libc::SIGILL, LANDING));
    }
}
