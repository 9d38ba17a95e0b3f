//! Calls into cells, which may lie or fail.
//!
//! A [`Handle`] is what the safe kernel knows of a cell. One caller at a time:
//! the handle's lock is held over a call, and no other but that by which readers of
//! standard input take turns and, behind the handle of `net`, what the network knows,
//! with the handle of `nic`; whoever serves interrupts only tries it. Bytes pass through
//! windows, each for one queue of a device; the window of a request is its
//! holder's until the request has come back. After a fault a cell is not called
//! again in the state that it is in: it is stopped, with its devices, and started
//! anew. What its devices had finished by then is taken, and they get once more
//! what can be repeated. A cell that fails too often is given up. The others go on.
//!
//! | cell | modules |
//! |---|---|
//! | `console` | `console`, `input`, `entropy`, over `bell` and `stall` |
//! | `hostfs` | `channel` |
//! | `nic` | `nic` |
//! | `net` | `net`, `entries` |
//! | `probe`, in images for tests | `probe` |

mod bell;
pub mod channel;
mod console;
mod entries;
mod entropy;
mod failure;
#[cfg(feature = "fuzzed")]
pub(crate) mod fuzzed;
mod handle;
mod held;
#[cfg(feature = "test-hooks")]
mod injector;
mod input;
mod interrupts;
mod net;
mod nic;
mod order;
#[cfg(feature = "test-hooks")]
mod probe;
mod restarts;
mod stall;
mod storm;

use domains::Cell;
use gate::info;

use self::handle::Handle;

pub use bell::Bell;
pub use console::{Console, SEND_MAX, SendError, flush, send, wait_to_send};
pub use entries::Trouble;
pub use entropy::random;
pub use held::{DriverError, TRIES};
pub use input::{ARRIVAL, Piece, give_back, receive, receive_or_arm};
pub use interrupts::{on_devices, on_failure};
pub use net::{Net, Pumped, SEED};
pub use nic::{Exchanged, Nic};
#[cfg(feature = "test-hooks")]
pub use probe::digest;

/// The handles, by number of their cell.
static HANDLES: [Handle; Cell::ALL.len()] = {
    let mut handles = [const { Handle::new(Cell::Console) }; Cell::ALL.len()];
    let mut number = 0;
    while number < handles.len() {
        handles[number].cell = Cell::ALL[number];
        number += 1;
    }
    handles
};

/// The handle of `cell`.
fn handle(cell: Cell) -> &'static Handle {
    let [first, ..] = &HANDLES;
    HANDLES.get(cell.number()).unwrap_or(first)
}

/// Starts every cell that has devices, or needs none. One that the image does not
/// have is given up before anybody calls it.
pub fn start() {
    for handle in &HANDLES {
        let cell = handle.cell();
        // DEFENCE: cells-of-the-image
        if !info::has(cell) {
            handle.lock().give_up();
        } else if cell.drives().is_empty() || interrupts::devices_of(cell) != 0 {
            handle.lock().start();
        }
    }
}

/// Begins anew, for the next test that plays cells.
#[cfg(test)]
pub fn reset() {
    HANDLES.iter().for_each(Handle::reset);
    start();
}

#[cfg(feature = "test-hooks")]
/// Has a cell do what a test says.
pub fn hook(
    cell: Cell,
    kind: u32,
    address: usize,
    argument: usize,
) -> Result<i64, DriverError> {
    let mut held = handle(cell).lock();
    held.call(|| gate::cell::hook(cell, kind, address, argument))
}
