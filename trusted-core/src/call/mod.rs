//! Core calls: decides who may, takes scalars, gives a scalar back.

use core::sync::atomic::{AtomicU32, Ordering};

use domains::Cell;
use domains::core_call::{CoreCall, error};
use domains::report::{Cause, Record, TOLD_MAX};

use crate::cpu::page::{self, Caller};
use crate::device::virtio::Refused;
use crate::hooks;
use crate::memory::quarantine::Question;
use crate::report;
use crate::smp;
use crate::state::Core;
use crate::trap::{Trap, context, fault, tick};

/// How many lines of backtraces were sent, and how many notices.
static TOLD: [AtomicU32; TOLD_MAX.len()] = [const { AtomicU32::new(0) }; _];

/// What the CPU does after a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Returns to ring 3.
    Return,
    /// Sleeps until an event is pending, then returns.
    Idle,
    /// Rings the bell that lies ready, then returns.
    Ring,
    /// Puts a question to all CPUs, then returns.
    Settle(Question),
    /// Puts a question to all CPUs, and takes the trap once more.
    Repeat(Question),
}

/// The arguments of a call.
pub(crate) type Arguments = [u64; 4];

/// Makes the call that the registers ask for.
pub(crate) fn dispatch(trap: &mut Trap<'_>) -> Next {
    let registers = &*trap.registers;
    let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10];
    let call = permitted(trap.caller, registers.rax);
    match call {
        Ok(CoreCall::Publish) => return publish(trap, arguments[0], arguments[1]),
        Ok(call) if changes_memory(call) => return change_memory(trap, call, arguments),
        _ => {}
    }
    let result = call.and_then(|call| perform(trap, call, arguments));
    // A resumed context has all its registers, RAX too.
    if call != Ok(CoreCall::Resume) || result.is_err() {
        answer(trap, result);
    }
    match call {
        Ok(CoreCall::Idle) => Next::Idle,
        _ => Next::Return,
    }
}

fn answer(trap: &mut Trap<'_>, result: Result<u64, i64>) {
    trap.registers.rax = result.unwrap_or_else(|code| code as u64);
}

/// Gives a device what is new in a queue. Apart from the rest, so that each has
/// the registers it needs.
#[inline(never)]
fn publish(trap: &mut Trap<'_>, device: u64, queue: u64) -> Next {
    let devices = &mut trap.core.devices;
    let bell = &trap.local.bell;
    match devices.publish(trap.caller.domain, device, queue, bell) {
        Ok(()) => {
            answer(trap, Ok(0));
            Next::Ring
        }
        Err(refused) => refuse(trap, refused),
    }
}

/// Tells a driver that nothing was published. One that wants its device to have
/// what it must not is convicted.
#[cold]
#[inline(never)]
fn refuse(trap: &mut Trap<'_>, refused: Refused) -> Next {
    match refused {
        Refused::Error(code) => answer(trap, Err(code)),
        Refused::Memory(address) => fault::convict_of(trap, Cause::Dma, address),
        Refused::Rings => fault::convict(trap, Cause::Queue),
    }
    Next::Return
}

/// Makes a call about memory of ring 3, for which others may have to forget
/// something first. Apart from the rest, which is to be short.
#[inline(never)]
fn change_memory(trap: &mut Trap<'_>, call: CoreCall, arguments: Arguments) -> Next {
    let space = &mut trap.core.space;
    if space.is_held_up(arguments[0], arguments[1])
        && let Some(question) = space.quarantine.ask()
    {
        return Next::Repeat(question);
    }
    let has_more = !space.quarantine.is_empty();
    let result = perform(trap, call, arguments);
    if has_more && let Some(question) = trap.core.space.relief(result) {
        // What failed for memory has changed nothing.
        return Next::Repeat(question);
    }
    answer(trap, result);
    Next::Return
}

/// Whether the call is about memory of ring 3, and may be made once more where
/// it failed.
const fn changes_memory(call: CoreCall) -> bool {
    matches!(call, CoreCall::Map | CoreCall::Unmap | CoreCall::Protect)
}

/// The call with this number, if `caller` may make it.
fn permitted(caller: Caller, number: u64) -> Result<CoreCall, i64> {
    let call = CoreCall::from_number(number).ok_or(error::UNKNOWN)?;
    // DEFENCE: core-call-permission
    let is_allowed = caller.domain.is_some_and(|domain| call.allowed(domain));
    // DEFENCE: core-call-refusal
    is_allowed.then_some(call).ok_or(error::DENIED)
}

/// Makes a call. Each has its arm: one that nobody made is an error of the
/// compiler, and a default arm one of the linter.
#[deny(clippy::wildcard_enum_match_arm)]
#[inline(always)]
fn perform(trap: &mut Trap<'_>, call: CoreCall, arguments: Arguments) -> Result<u64, i64> {
    let [first, second, third, _] = arguments;
    let done = |()| 0;
    let domain = trap.caller.domain;
    let (core, local) = (&mut *trap.core, trap.local);
    match call {
        CoreCall::Null | CoreCall::Idle => Ok(0),
        CoreCall::Map => core.space.map(first, second, third).map(done),
        CoreCall::Unmap => core.space.unmap(first, second, third).map(done),
        CoreCall::Protect => core.space.protect(first, second, third).map(done),
        CoreCall::ArmTimer => {
            tick::set_deadline(local, first, second);
            Ok(0)
        }
        CoreCall::Resume => context::resume(trap, first).map(done),
        CoreCall::Discard => context::discard(core, first).map(done),
        CoreCall::Exit => {
            let status = u8::try_from(first).map_err(|_| error::INVALID)?;
            hooks::print_marks(core, local);
            report::end(status)
        }
        CoreCall::Print => print(arguments).map(done),
        CoreCall::Started => {
            report::send(Record::Started);
            Ok(0)
        }
        CoreCall::DeviceBegin => core.devices.get(domain, first)?.begin(second),
        CoreCall::DeviceQueue => core.devices.set_queue(domain, arguments, &mut core.space),
        CoreCall::DeviceStart => core.devices.get(domain, first)?.start(),
        // It has a way of its own.
        CoreCall::Publish => Err(error::UNKNOWN),
        CoreCall::DeviceConfig => core
            .devices
            .get(domain, first)?
            .configuration(second, third),
        CoreCall::TestHook => hooks::call(trap, arguments),
        CoreCall::Kick => smp::kick(core, local, first).map(done),
        CoreCall::StartCpus => smp::start(core).map(done),
        CoreCall::Trace => tell(first, second).map(done),
        CoreCall::Stop => {
            core.devices.stop(at_rest(first)?);
            Ok(0)
        }
        CoreCall::Start => start(core, first, second),
        CoreCall::Date => Ok(crate::device::rtc::registers()),
    }
}

/// The cell with this number, unless it runs.
fn at_rest(number: u64) -> Result<Cell, i64> {
    let cell = usize::try_from(number).ok();
    let cell = cell.and_then(|number| Cell::ALL.get(number));
    let cell = *cell.ok_or(error::INVALID)?;
    // DEFENCE: stop-not-armed
    let is_running = page::is_armed_anywhere(cell);
    (!is_running).then_some(cell).ok_or(error::DENIED)
}

/// Makes a cell's memory what it was at boot.
#[cold]
#[inline(never)]
fn start(core: &mut Core, number: u64, requests: u64) -> Result<u64, i64> {
    let cell = at_rest(number)?;
    core.space.templates[cell.number()].restore(&core.space);
    core.devices.clear(cell, core.space.tables.physical());
    report::send(Record::Restart(cell, requests));
    Ok(0)
}

/// Prints up to 24 bytes on the core's console.
fn print([length, words @ ..]: Arguments) -> Result<(), i64> {
    let mut bytes = [0; 24];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    let length = usize::try_from(length).map_err(|_| error::INVALID)?;
    let text = bytes.get(..length).ok_or(error::INVALID)?;
    text.iter().copied().for_each(crate::device::uart::send);
    Ok(())
}

/// Sends a line of a dying program's backtrace, or a notice of one that runs, unless
/// there were many.
fn tell(number: u64, value: u64) -> Result<(), i64> {
    let (record, sort) = Record::told(number, value).ok_or(error::INVALID)?;
    // DEFENCE: told-sent
    let fewer = |sent| (sent < TOLD_MAX[sort]).then_some(sent + 1);
    let sent = TOLD[sort].fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    sent.map_err(|_| error::NO_MEMORY)?;
    report::send(record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use domains::{Domain, Pkru};

    use super::*;

    #[test]
    fn calls_are_permitted_by_the_table_alone() {
        for domain in Domain::ALL {
            let caller = Caller {
                domain: Some(domain),
                pkru: Pkru::of(domain),
            };
            for call in CoreCall::ALL {
                let expected = if call.allowed(domain) {
                    Ok(call)
                } else {
                    Err(error::DENIED)
                };
                assert_eq!(permitted(caller, call as u64), expected);
            }
            assert_eq!(permitted(caller, 99), Err(error::UNKNOWN));
        }
        let nobody = Caller {
            domain: None,
            pkru: Pkru::from_bits(0),
        };
        assert_eq!(permitted(nobody, CoreCall::Null as u64), Err(error::DENIED));
    }
}
