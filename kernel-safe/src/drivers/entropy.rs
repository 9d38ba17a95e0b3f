//! Random bytes from a device.

use core::sync::atomic::{AtomicBool, Ordering};

use domains::windows::{self, RANDOM_SIZE};
use gate::driver::{self, queue};
use gate::frames;

use super::{DRIVERS, DriverError, alleged};

/// Whether the device has the window. Only its holder of the drivers looks.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Fills `buffer` with random bytes from a device; how many. Waits a little for
/// them.
///
/// # Errors
///
/// There is no such device, or its driver failed.
pub fn random(buffer: &mut [u8]) -> Result<usize, DriverError> {
    let mut drivers = DRIVERS.lock();
    drivers.check(queue::RANDOM)?;
    if !IS_TAKEN.swap(true, Ordering::Relaxed) {
        drivers.submit(queue::RANDOM, 0, windows::random(), 0, RANDOM_SIZE)?;
    }
    let come = alleged(drivers.call(|| driver::spin(queue::RANDOM))?)?;
    let Some((_, size)) = come else { return Ok(0) };
    IS_TAKEN.store(false, Ordering::Relaxed);
    let size = size.min(buffer.len()).min(RANDOM_SIZE);
    let part = buffer.get_mut(..size).ok_or(DriverError::Failed)?;
    match frames::read(windows::random(), part) {
        true => Ok(size),
        false => Err(DriverError::Failed),
    }
}
