//! What becomes of a domain that faults.
//!
//! The application dies. The safe kernel dies, and with it the machine, unless
//! it was copying for the application and said where to go on. A call into the
//! unsafe kernel returns to the safe kernel with an error. A kernel's rights
//! without the token that goes with them were forged by the application.

use domains::layout::{GATE_PAGE, gate};
use domains::report::{Action, Cause, Fault, Page, Record};
use domains::{Access, Domain, Isolation, status, table};
use x86_64::registers::control::Cr2;
use x86_64::structures::idt::PageFaultErrorCode;

use super::cause::{self, PAGE_FAULT};
use super::registers::Registers;
use crate::cpu::local::Local;
use crate::cpu::page::Caller;
use crate::hooks;
use crate::memory::entry::{Bits, Entry};
use crate::report;
use crate::state::Core;

/// What the core found out about a fault.
struct Finding {
    cause: Cause,
    page: Page,
}

/// Handles an exception in ring 3.
pub(crate) fn handle(
    core: &mut Core,
    local: &Local,
    caller: Caller,
    registers: &mut Registers,
) {
    let Some(finding) = examine(core, caller, registers) else {
        return;
    };
    if recover(local, caller, registers) {
        return;
    }
    punish(core, local, caller, registers, finding);
}

/// Ends the application, which forged its rights.
pub(crate) fn kill(caller: Caller, registers: &Registers) -> ! {
    terminate(
        caller,
        registers,
        Finding {
            cause: Cause::Gate,
            page: Page::Nothing,
        },
    )
}

/// Does to the domain what its fault deserves, though there was no exception.
pub(crate) fn convict(
    core: &mut Core,
    local: &Local,
    caller: Caller,
    registers: &mut Registers,
    cause: Cause,
) {
    punish(
        core,
        local,
        caller,
        registers,
        Finding {
            cause,
            page: Page::Nothing,
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

/// Why it faulted; none if it was the first touch of a page that was promised.
fn examine(core: &mut Core, caller: Caller, registers: &Registers) -> Option<Finding> {
    if registers.vector != PAGE_FAULT {
        let cause = cause::of_exception(registers.vector, registers.rip);
        return Some(Finding {
            cause,
            page: Page::Nothing,
        });
    }
    let address = address(registers);
    let entry = core.space.tables.find(address);
    let page = cause::page(address, entry);
    let cause = match entry.area() {
        Some(area) if entry.has(Bits::LAZY) => {
            match keep_promise(core, caller, registers, entry) {
                Some(true) => return None,
                Some(false) => Cause::OutOfMemory,
                None => denied(registers.error, table::rights(caller.domain?, area)),
            }
        }
        _ => cause::of_page_fault(registers.error, entry),
    };
    Some(Finding { cause, page })
}

/// Maps a promised page; false if no frame is free, none if the domain has no
/// right to touch it.
fn keep_promise(
    core: &mut Core,
    caller: Caller,
    registers: &Registers,
    entry: Entry,
) -> Option<bool> {
    let area = entry.area()?;
    let access = access(registers.error);
    let has_keys = core.isolation == Isolation::Mpk;
    if access == Access::Execute
        || has_keys && !table::rights(caller.domain?, area).allow(access)
    {
        return None;
    }
    Some(core.space.touch(address(registers), area, &mut core.frames))
}

/// Why a page that does not exist yet was none of the domain's business.
fn denied(error: u64, rights: domains::Rights) -> Cause {
    match access(error) {
        Access::Execute => Cause::Permission,
        access if rights.allow(access) => Cause::Permission,
        _ => Cause::Key,
    }
}

fn access(error: u64) -> Access {
    let error = PageFaultErrorCode::from_bits_truncate(error);
    if error.contains(PageFaultErrorCode::INSTRUCTION_FETCH) {
        Access::Execute
    } else if error.contains(PageFaultErrorCode::CAUSED_BY_WRITE) {
        Access::Write
    } else {
        Access::Read
    }
}

/// Lets the safe kernel go on after a copy that failed.
fn recover(local: &Local, caller: Caller, registers: &mut Registers) -> bool {
    let recovery = local.page.recovery();
    let can =
        caller.domain == Some(Domain::Safe) && registers.vector == PAGE_FAULT && recovery != 0;
    if can {
        registers.rip = recovery;
        local.page.clear_recovery();
    }
    can
}

fn punish(
    core: &mut Core,
    local: &Local,
    caller: Caller,
    registers: &mut Registers,
    finding: Finding,
) {
    if hooks::caught(core, local, caller, registers) {
        return;
    }
    let is_armed = local.page.is_armed();
    // A debug trap with a kernel's rights: the stepping flag was set before the
    // gate was entered. Only a driver, called properly, can have done it itself.
    let is_forged = caller.domain.is_none()
        || finding.cause == Cause::Gate
        || registers.vector == cause::DEBUG && caller.domain == Some(Domain::Safe);
    match caller.domain {
        Some(Domain::App) => terminate(caller, registers, finding),
        Some(Domain::Safe) if !is_forged => {
            send(caller, registers, &finding, Action::Halt);
            report::end(status::KERNEL_FAILED)
        }
        _ if is_armed => {
            let culprit = Caller {
                domain: caller.domain.and(Some(Domain::Unsafe)),
                ..caller
            };
            send(culprit, registers, &finding, Action::Rewind);
            rewind(local, registers);
        }
        _ => terminate(
            caller,
            registers,
            Finding {
                cause: Cause::Gate,
                ..finding
            },
        ),
    }
}

/// Ends the application on its own account, or because it forged a kernel's
/// rights; with rights that are nobody's, nobody is named.
fn terminate(caller: Caller, registers: &Registers, finding: Finding) -> ! {
    let culprit = Caller {
        domain: caller.domain.and(Some(Domain::App)),
        ..caller
    };
    send(culprit, registers, &finding, Action::Terminate);
    report::end(status::VIOLATION)
}

/// Continues behind the call into the unsafe kernel, in the gate, which takes
/// the stack from the token.
fn rewind(local: &Local, registers: &mut Registers) {
    *registers = Registers::entering(GATE_PAGE + gate::UNSAFE_FAULTED, 0);
    local.assume(Domain::Safe);
}

fn send(caller: Caller, registers: &Registers, finding: &Finding, action: Action) {
    report::send(Record::Fault(Fault {
        domain: caller.domain,
        vector: registers.vector.min(u64::from(u8::MAX)) as u8,
        error: registers.error,
        address: address(registers),
        rip: registers.rip,
        rsp: registers.rsp,
        pkru: caller.pkru.bits(),
        page: finding.page,
        cause: finding.cause,
        action,
    }));
}
