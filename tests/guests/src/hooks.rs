//! Footholds in the kernels, as functions.

use domains::Cell;
use gate::{hooks, safe};

/// Has a hook done by the cell of this name.
pub const CONSOLE: u32 = hooks::in_cell(Cell::Console);
pub const HOSTFS: u32 = hooks::in_cell(Cell::Hostfs);

/// What has a hook done by each kernel: the safe one, and the cells.
pub const KERNELS: [u32; 1 + Cell::ALL.len()] = {
    let mut kernels = [0; 1 + Cell::ALL.len()];
    let mut cell = 0;
    while cell < Cell::ALL.len() {
        kernels[1 + cell] = hooks::in_cell(Cell::ALL[cell]);
        cell += 1;
    }
    kernels
};

/// Asks the safe kernel for a hook.
pub fn hook(kind: u32, address: usize, argument: usize) -> i64 {
    // SAFETY: the tests want what the hook does; nothing else runs that could
    // mind.
    unsafe { safe::hook(kind, address, argument) }
}

/// Sets the time slice of threads.
pub fn set_time_slice(nanoseconds: usize) {
    hook(hooks::SET_TIME_SLICE, 0, nanoseconds);
}

/// How often the application was preempted so far.
pub fn preemptions() -> i64 {
    hook(hooks::PREEMPTIONS, 0, 0)
}
