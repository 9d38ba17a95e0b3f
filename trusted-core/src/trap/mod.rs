//! Traps: everything that brings a CPU into ring 0.
//!
//! One entry for exceptions, interrupts and core calls. Who was interrupted is
//! read from PKRU (or, without keys, from the CPU page), never guessed from
//! RIP: anybody can jump to an instruction in executable text. PKRU that
//! belongs to no domain was forged, whatever else the trap is about.

#![expect(unsafe_code, reason = "the trap stub's pointer becomes a reference")]

pub(crate) mod cause;
pub(crate) mod context;
pub(crate) mod fault;
pub(crate) mod interrupt;
pub(crate) mod registers;
pub(crate) mod tick;

use domains::exception;
use domains::report::Cause;

use crate::call::{self, Next};
use crate::cpu::local::{self, Local};
use crate::cpu::page::Caller;
use crate::cpu::{control, syscall, vectors};
use crate::hooks;
use crate::memory::retire;
use crate::report;
use crate::state::{self, Core};
use crate::time::timer::Until;
use registers::Registers;

/// Vectors below this one are exceptions.
const EXCEPTIONS: u64 = 32;

/// Called by the stubs with what they saved; what it leaves there is restored.
///
/// # Safety
///
/// `registers` must be what a stub pushed.
pub(crate) unsafe extern "C" fn enter(registers: *mut Registers) {
    // DEFENCE: user-pages-closed
    control::close_user_pages();
    report::stop_if_ended();
    // SAFETY: the caller's duty; nothing else refers to the stack above.
    let registers = unsafe { &mut *registers };
    hooks::entered(registers);
    if registers.is_from_ring_3() {
        from_ring_3(registers);
        // DEFENCE: trap-sanitises
        registers.sanitise();
    } else {
        from_core(registers);
    }
}

/// A trap from ring 3, and all that decides about it.
pub(crate) struct Trap<'a> {
    /// The state that all CPUs share.
    pub(crate) core: &'a mut Core,
    /// The state of this CPU.
    pub(crate) local: &'static Local,
    /// Who was interrupted.
    pub(crate) caller: Caller,
    /// What is restored when the trap is over.
    pub(crate) registers: &'a mut Registers,
}

fn from_ring_3(registers: &mut Registers) {
    let local = local::current();
    loop {
        let caller = local.caller();
        let next = state::with(|core| {
            let mut trap = Trap {
                core,
                local,
                caller,
                registers,
            };
            let next = handle(&mut trap);
            and_settle(core, next)
        });
        match next {
            Next::Return => return,
            Next::Idle => return tick::idle(local),
            Next::Ring => return local.bell.get().ring(),
            Next::Settle(question) => return retire::settle(question),
            Next::Repeat(question) => retire::settle(question),
        }
    }
}

/// What comes next, and a question to all CPUs before it if one is due.
fn and_settle(core: &mut Core, next: Next) -> Next {
    if core.space.is_due() && next == Next::Return {
        let question = core.space.quarantine.ask();
        question.map_or(Next::Return, Next::Settle)
    } else {
        next
    }
}

fn handle(trap: &mut Trap<'_>) -> Next {
    match trap.registers.vector {
        vector if trap.caller.domain.is_none() => {
            if is_interrupt(vector) {
                interrupt::note(trap.core, trap.local, vector);
                // Its timer may have been spent on this trap.
                tick::arm(trap.local, Until::Guard);
            }
            fault::convict(trap, Cause::Gate);
        }
        vectors::CORE_CALL => return call::dispatch(trap),
        vector if is_interrupt(vector) => interrupt::handle(trap),
        _ => fault::handle(trap),
    }
    Next::Return
}

/// A trap in ring 0: an interrupt while the core idles, or its end.
fn from_core(registers: &mut Registers) {
    let local = local::current();
    if is_interrupt(registers.vector) {
        return state::with(|core| interrupt::note(core, local, registers.vector));
    }
    // A debug trap that MOV SS held back until SYSCALL had changed rings.
    if registers.vector == cause::DEBUG && registers.rip == syscall::entry_address() {
        let caller = Caller {
            domain: None,
            ..local.caller()
        };
        return state::with(|core| {
            fault::convict(
                &mut Trap {
                    core,
                    local,
                    caller,
                    registers,
                },
                Cause::Gate,
            );
        });
    }
    die(registers)
}

/// Ends the machine, because the core itself faulted.
fn die(registers: &Registers) -> ! {
    report::epitaph(format_args!(
        "{} (vector {}) error {:#x} rip {:#x} rsp {:#x} address {:#x}",
        u8::try_from(registers.vector).map_or("interrupt", exception::name),
        registers.vector,
        registers.error,
        registers.rip,
        registers.rsp,
        fault::address(registers),
    ))
}

const fn is_interrupt(vector: u64) -> bool {
    vector >= EXCEPTIONS && vector != vectors::CORE_CALL
}
