//! Core calls that the domain may not make.

use domains::core_call::{CoreCall, rights, test_hook};
use domains::layout::{APP, PAGE_SIZE};
use domains::report::TraceKind;

use crate::core_call;

/// A status that no other trial ends with.
const STATUS: u64 = 77;

/// Makes core call `number` with arguments that would have an effect; what the
/// core answers.
///
/// # Safety
///
/// This is an attack. It is sound only where the core refuses.
pub(super) unsafe fn make(number: usize) -> i64 {
    match CoreCall::from_number(number as u64) {
        // SAFETY: none is claimed.
        Some(call) => unsafe { core_call::core_call(call, tempting(call)) },
        None => -22,
    }
}

/// Arguments with which the core would make `call` if the check of the caller
/// were missing. What cannot be guessed, as the number of a context, is one that
/// the core would look at and call invalid, which is not what a refusal says.
const fn tempting(call: CoreCall) -> [u64; 4] {
    let spare_page = APP.heap().end - PAGE_SIZE;
    match call {
        CoreCall::Map | CoreCall::Unmap => [spare_page, 1, 0, 0],
        CoreCall::Protect => [APP.heap().start, 1, rights::READ | rights::WRITE, 0],
        CoreCall::ArmTimer => [u64::MAX, 0, 0, 0],
        CoreCall::Exit => [STATUS, 0, 0, 0],
        CoreCall::Print => [8, u64::from_le_bytes(*b"forged!\n"), 0, 0],
        CoreCall::TestHook => [test_hook::SHOOTDOWNS, 0, 0, 0],
        CoreCall::Trace => [TraceKind::Frame as u64, 0, 0, 0],
        // Device 0 is a console; a reset would silence the trial itself.
        CoreCall::DeviceBegin => [1, 0, 0, 0],
        CoreCall::DeviceConfig => [0, 4, 4, 0],
        CoreCall::Null
        | CoreCall::Idle
        | CoreCall::Resume
        | CoreCall::Discard
        | CoreCall::Started
        | CoreCall::DeviceQueue
        | CoreCall::DeviceStart
        | CoreCall::Publish
        | CoreCall::Kick
        | CoreCall::Stop
        | CoreCall::Start
        | CoreCall::Date
        | CoreCall::StartCpus => [0; 4],
    }
}
