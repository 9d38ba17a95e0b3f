//! What stands in for the test hooks where there are none.

use domains::core_call::error;

use crate::call::Arguments;
use crate::cpu::local::Local;
use crate::state::Core;
use crate::trap::Trap;
use crate::trap::registers::Registers;

/// There are no attempts, and nothing to keep for one.
pub(crate) enum Sweep {}

/// There is no such call.
pub(crate) fn call(_: &mut Trap<'_>, _: Arguments) -> Result<u64, i64> {
    Err(error::UNKNOWN)
}

/// Nobody asks how a trap came.
pub(crate) const fn entered(_: &Registers) {}

/// No fault is part of a test.
pub(crate) fn caught(trap: &mut Trap<'_>) -> bool {
    trap.core.sweep.is_some()
}

/// All CPUs forget.
pub(crate) const fn forgets_here_only() -> bool {
    false
}

/// Nobody counts.
pub(crate) const fn note_shootdown() {}

/// No interrupt is part of a test.
pub(crate) fn interrupted(_: &mut Trap<'_>) {}

/// Nobody asks how much of the stacks was used.
pub(crate) const fn print_marks(_: &Core, _: &Local) {}

/// The core always looks at what is to be executed.
pub(crate) const fn is_blind() -> bool {
    false
}
