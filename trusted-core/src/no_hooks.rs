//! What stands in for the test hooks where there are none.

use domains::core_call::error;

use crate::cpu::local::Local;
use crate::cpu::page::Caller;
use crate::state::Core;
use crate::trap::registers::Registers;

/// There are no attempts, and nothing to keep for one.
pub(crate) enum Sweep {}

/// There is no such call.
pub(crate) fn call(
    _: &mut Core,
    _: &Local,
    _: [u64; 4],
    _: &mut Registers,
) -> Result<u64, i64> {
    Err(error::UNKNOWN)
}

/// No fault is part of a test.
pub(crate) fn caught(core: &mut Core, _: &Local, _: Caller, _: &mut Registers) -> bool {
    core.sweep.is_some()
}

/// No interrupt is part of a test.
pub(crate) fn interrupted(_: &mut Core, _: &Local, _: Caller, _: &mut Registers) {}
