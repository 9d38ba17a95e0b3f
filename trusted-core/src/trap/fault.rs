//! What becomes of a domain that faults.
//!
//! The application dies. The safe kernel dies, and with it the machine, unless
//! it was copying for the application and said where to go on. A call into a cell
//! returns to the safe kernel with an error. A kernel's rights without the token
//! that goes with them were forged by the application.

use core::sync::atomic::Ordering::Relaxed;

use domains::cpu_page::{SEEN, offset};
use domains::layout::{
    GATE_PAGE, KERNEL_STACK, KERNEL_STACK_STRIDE, KERNEL_STACKS, PAGE_SIZE, SAFE, gate,
};
use domains::report::{Action, Cause, Fault, Page, Record, Registers as Said};
use domains::{Access, Area, Cell, Domain, Isolation, Rights, status, table};
use x86_64::VirtAddr;
use x86_64::registers::control::Cr2;

use super::Trap;
use super::cause::{self, PAGE_FAULT};
use super::registers::Registers;
use crate::cpu::page::Armed;
use crate::cpu::tlb;
use crate::hooks;
use crate::memory::entry::{self, Entry, LAZY};
use crate::memory::frame::Frame;
use crate::report;

/// What the core found out about a fault.
#[derive(Clone, Copy)]
struct Finding {
    cause: Cause,
    page: Page,
    /// The address that it is about; zero where it is about none.
    address: u64,
}

impl Finding {
    /// One about no address.
    const fn new(cause: Cause) -> Finding {
        Finding {
            cause,
            page: Page::Nothing,
            address: 0,
        }
    }
}

/// Handles an exception in ring 3. Apart from the rest, so that each has the registers
/// it needs.
#[inline(never)]
pub(crate) fn handle(trap: &mut Trap<'_>) {
    if let Some(finding) = examine(trap)
        && !recover(trap)
    {
        punish(trap, finding);
    }
}

/// Does to the domain what it deserves, though there was no exception.
pub(crate) fn convict(trap: &mut Trap<'_>, cause: Cause) {
    punish(trap, Finding::new(cause));
}

/// The same for what it wanted to do to the page at `address`.
pub(crate) fn convict_of(trap: &mut Trap<'_>, cause: Cause, address: u64) {
    let page = match VirtAddr::try_new(address) {
        Ok(_) => cause::page(address, trap.local.tables.find(address)),
        Err(_) => Page::Nothing,
    };
    punish(
        trap,
        Finding {
            cause,
            page,
            address,
        },
    );
}

/// The address that a page fault touched.
pub(crate) fn address(registers: &Registers) -> u64 {
    match registers.vector {
        PAGE_FAULT => Cr2::read_raw(),
        _ => 0,
    }
}

/// Why it faulted; none if it was the first touch of a page that was promised,
/// or another CPU has changed the page since.
fn examine(trap: &mut Trap<'_>) -> Option<Finding> {
    let registers = &*trap.registers;
    if registers.vector != PAGE_FAULT {
        let cause = cause::of_exception(registers.vector, registers.rip);
        return Some(Finding::new(cause));
    }
    let address = address(registers);
    let entry = trap.local.tables.find(address);
    if cause::is_outdated(registers.error, entry) {
        tlb::flush(address);
        return None;
    }
    let cause = match entry.area() {
        Some(area) if entry.has(LAZY) => match denial(trap, area, entry) {
            Some(cause) => cause,
            None if trap.core.space.touch(address, area) => return None,
            None => Cause::OutOfMemory,
        },
        _ => cause::of_page_fault(registers.error, entry),
    };
    Some(Finding {
        cause,
        page: cause::page(address, entry),
        address,
    })
}

/// Why the domain may not touch a promised page of `area`; none if it may.
fn denial(trap: &Trap<'_>, area: Area, entry: Entry) -> Option<Cause> {
    let access = cause::access(trap.registers.error);
    let has_keys = trap.core.isolation == Isolation::Mpk;
    let rights = trap
        .caller
        .domain
        .map_or(Rights::None, |domain| table::rights(domain, area));
    let is_read_only = access == Access::Write && entry.rights() != entry::Rights::Write;
    if access == Access::Execute || is_read_only {
        Some(Cause::Permission)
    } else {
        (has_keys && !rights.allow(access)).then_some(Cause::Key)
    }
}

/// Lets the safe kernel go on after a copy that failed.
fn recover(trap: &mut Trap<'_>) -> bool {
    let recovery = trap.local.page.get(offset::RECOVERY);
    let is_copy = trap.caller.domain == Some(Domain::Safe)
        && trap.registers.vector == PAGE_FAULT
        && recovery != 0;
    if is_copy {
        trap.registers.rip = recovery;
        trap.local.page.set(offset::RECOVERY, 0);
    }
    is_copy
}

fn punish(trap: &mut Trap<'_>, finding: Finding) {
    if hooks::caught(trap) {
        return;
    }
    let is_forged = is_forged(finding.cause, trap.registers.vector);
    let armed = trap.local.page.armed();
    let has_walls = trap.core.isolation == Isolation::Mpk;
    match (trap.caller.domain, armed) {
        // Neither the application nor another cell runs while a token is there:
        // this is its cell, which jumped to a gate that is not its own.
        (Some(Domain::App), _) if !has_walls => end(trap, finding),
        (Some(Domain::App), Armed::None) => end(trap, finding),
        (Some(Domain::Safe), _) if !is_forged => halt(trap, finding),
        // Without walls there are no tokens, and no way back.
        (Some(Domain::Safe | Domain::Cell(_)), _) if !has_walls => halt(trap, finding),
        (_, Armed::One(cell)) => {
            send(trap, Domain::Cell(cell), finding, Action::Rewind);
            rewind(trap, cell);
        }
        // DEFENCE: one-cell-armed
        (_, Armed::Several) => halt(trap, finding),
        (_, Armed::None) => end(
            trap,
            Finding {
                cause: Cause::Gate,
                ..finding
            },
        ),
    }
}

/// Whether what faulted with the safe kernel's rights is not the safe kernel.
fn is_forged(cause: Cause, vector: u64) -> bool {
    // DEFENCE: gate-fault-forged
    let died_in_gate = cause == Cause::Gate;
    // A debug trap behind the gate: the stepping flag was set before it was
    // entered.
    // DEFENCE: debug-trap-forged
    let is_stepped = vector == cause::DEBUG;
    died_in_gate || is_stepped
}

/// Ends the application, on its own account or because it forged its rights.
fn end(trap: &Trap<'_>, finding: Finding) -> ! {
    send(trap, Domain::App, finding, Action::Terminate);
    report::send(Record::Registers(Said {
        root: trap.local.tables.root().address(),
        fs: x86_64::registers::model_specific::FsBase::read().as_u64(),
        words: trap.registers.to_words(),
    }));
    report::end(status::VIOLATION)
}

/// Ends the machine: a kernel cannot go on.
fn halt(trap: &Trap<'_>, finding: Finding) -> ! {
    send(
        trap,
        trap.caller.domain.unwrap_or(Domain::Safe),
        finding,
        Action::Halt,
    );
    report::end(status::KERNEL_FAILED)
}

/// Continues behind the call into `cell`, in the gate, which takes the stack from
/// the token.
fn rewind(trap: &mut Trap<'_>, cell: Cell) {
    *trap.registers = Registers::entering(GATE_PAGE + gate::faulted(cell), 0);
    // DEFENCE: rewind-rights
    trap.local.assume(Domain::Safe);
}

/// Reports a fault of `culprit`; with rights that are nobody's, nobody is
/// named.
fn send(trap: &Trap<'_>, culprit: Domain, finding: Finding, action: Action) {
    let registers = &*trap.registers;
    report::send(Record::Fault(Fault {
        domain: trap.caller.domain.and(Some(culprit)),
        vector: u8::try_from(registers.vector).unwrap_or(u8::MAX),
        error: registers.error,
        address: finding.address,
        rip: registers.rip,
        rsp: registers.rsp,
        pkru: trap.caller.pkru.bits(),
        page: finding.page,
        cause: finding.cause,
        action,
        entry: served(trap, culprit),
    }));
}

/// The number of the entry that a kernel served when it faulted. A kernel can
/// write what it likes there; a report is all that comes of it.
fn served(trap: &Trap<'_>, culprit: Domain) -> Option<u32> {
    let number = match culprit {
        Domain::App => return None,
        // DEFENCE: seen-not-told
        Domain::Cell(_) => trap.local.page.get(offset::CELL_ENTRY) & !SEEN,
        Domain::Safe => {
            let top = kernel_stack_top(trap.registers.rsp)?;
            let physical = trap.local.tables.translate(top)?;
            let words = trap.core.words(Frame::containing(physical));
            words[(top % PAGE_SIZE) as usize / 8].load(Relaxed)
        }
    };
    u32::try_from(number).ok()
}

/// The word at the top of the thread's kernel stack in which `rsp` lies, or in
/// whose guard page it does.
fn kernel_stack_top(rsp: u64) -> Option<u64> {
    let distance = rsp.checked_sub(KERNEL_STACKS)?;
    let guard = rsp - distance % KERNEL_STACK_STRIDE;
    let is_one = SAFE.stacks().contains(rsp)
        && distance % KERNEL_STACK_STRIDE < PAGE_SIZE + KERNEL_STACK;
    is_one.then_some(guard + PAGE_SIZE + KERNEL_STACK - 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trap::cause::{INVALID, PROTECTION};

    #[test]
    fn a_stack_is_known_by_any_address_in_it_or_in_its_guard_page() {
        let top = |guard: u64| Some(guard + PAGE_SIZE + KERNEL_STACK - 8);
        let second = KERNEL_STACKS + KERNEL_STACK_STRIDE;
        assert_eq!(kernel_stack_top(KERNEL_STACKS), top(KERNEL_STACKS));
        assert_eq!(kernel_stack_top(second + 0x500), top(second));
        assert_eq!(kernel_stack_top(second + PAGE_SIZE + 8), top(second));
        assert_eq!(kernel_stack_top(second - 8), None);
        assert_eq!(kernel_stack_top(SAFE.stacks().start), None);
        assert_eq!(kernel_stack_top(SAFE.stacks().end + 64), None);
        assert_eq!(kernel_stack_top(8), None);
    }

    #[test]
    fn who_dies_in_the_gate_or_is_stepped_is_not_the_safe_kernel() {
        assert!(is_forged(Cause::Gate, INVALID));
        assert!(is_forged(Cause::Other, cause::DEBUG));
        assert!(!is_forged(Cause::Instruction, INVALID));
        assert!(!is_forged(Cause::Protection, PROTECTION));
    }
}
