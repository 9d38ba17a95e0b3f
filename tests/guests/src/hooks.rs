//! Footholds in the kernels, as functions.

use gate::{hooks, safe};

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
