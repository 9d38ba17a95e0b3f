//! Random bytes from a device.

use core::sync::atomic::{AtomicBool, Ordering};

use domains::Cell;
use domains::windows::RANDOM_SIZE;
use gate::cell::console::{self, queue};
use gate::cell::with_slot;
use gate::view::View;

use super::handle::Held;
use super::held::steadily;
use super::{DriverError, handle};

/// Whether the device has the window. Only whoever holds the cell looks.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Fills `buffer` with random bytes from a device; how many. Waits a little for
/// them.
///
/// # Errors
///
/// There is no such device, or its driver failed.
pub fn random(buffer: &mut [u8]) -> Result<usize, DriverError> {
    let mut held = handle(Cell::Console).lock();
    let come = steadily(|| fetch(&mut held))?;
    let window = View::random();
    let Some((_, size)) = come else { return Ok(0) };
    IS_TAKEN.store(false, Ordering::Relaxed);
    let size = size.min(buffer.len()).min(RANDOM_SIZE);
    let part = buffer.get_mut(..size).ok_or(DriverError::Failed)?;
    match window.read(part) {
        true => Ok(size),
        false => Err(DriverError::Failed),
    }
}

/// The cell is started anew: its device has nothing. How much it had.
pub(super) fn forget() -> u32 {
    IS_TAKEN.swap(false, Ordering::Relaxed).into()
}

/// Asks the device, unless it was asked before, and waits a little.
fn fetch(held: &mut Held<'_>) -> Result<Option<(usize, usize)>, DriverError> {
    held.check(queue::RANDOM)?;
    if !IS_TAKEN.swap(true, Ordering::Relaxed) {
        let (place, window) = (with_slot(queue::RANDOM, 0), View::random());
        let given = held.call(|| console::submit(place, window.address(), 0, window.size()));
        held.taken(given?)?;
    }
    held.look(queue::RANDOM, || console::spin(queue::RANDOM))
}
