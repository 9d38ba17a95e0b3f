//! Calls that the kernels make, by hooks in them.

use domains::Cell;
use gate::{hooks, safe};

use crate::calls::TIMES;

/// A null call from the safe kernel into a cell.
pub fn cell_call() -> u64 {
    per_call(hooks::TIME_CELL_CALLS)
}

/// A null core call by the safe kernel.
pub fn core_call_by_safe() -> u64 {
    per_call(hooks::TIME_CORE_CALLS)
}

/// A null core call by a cell.
pub fn core_call_by_cell() -> u64 {
    per_call(hooks::TIME_CORE_CALLS | hooks::in_cell(Cell::Console))
}

/// A core call to publish a device's queue: with nothing new, with one request of
/// one descriptor, with one completion, and what another of each adds.
pub fn publish() -> [u64; 5] {
    const REQUESTS: usize = 4;
    let [request, completion] = [0, 1].map(|which| least_to_publish(1, which));
    let more = |which, one: u64| {
        let more = least_to_publish(REQUESTS, which) - one;
        more.div_ceil(REQUESTS as u64 - 1)
    };
    let added = [more(0, request), more(1, completion)];
    [
        least_to_publish(0, 0),
        request,
        completion,
        added[0],
        added[1],
    ]
}

/// The least of some; one in which the host had no time for the device is none.
fn least_to_publish(requests: usize, which: usize) -> u64 {
    const TRIES: usize = 16;
    // SAFETY: the hook only counts.
    let once = |_| unsafe {
        let kind = hooks::TIME_PUBLISH | hooks::in_cell(Cell::Console);
        safe::hook(kind, requests, which)
    };
    let ticks = (0..TRIES)
        .map(once)
        .filter_map(|ticks| u64::try_from(ticks).ok());
    ticks.min().expect("the device takes what it is sent")
}

/// A call from the safe kernel into a cell that fills so many bytes
/// there: as a call of an entry of its own would take, not by the hook that
/// does many things.
pub fn fill(size: usize) -> u64 {
    let by_hook = ticks(hooks::TIME_FILLS, TIMES as usize, size) / TIMES;
    by_hook - per_call(hooks::TIME_HOOKS) + cell_call()
}

/// Instructions of one call, by a hook that counts many.
fn per_call(kind: u32) -> u64 {
    ticks(kind, 0, TIMES as usize) / TIMES
}

fn ticks(kind: u32, address: usize, argument: usize) -> u64 {
    // SAFETY: these hooks only count, and fill what is theirs.
    let ticks = unsafe { safe::hook(kind, address, argument) };
    u64::try_from(ticks).expect("the kernels have these hooks")
}
