//! Random bytes from a device.

use gate::driver::{self, device};

use super::windows::{RANDOM, RECEIVE_MAX};
use super::{DRIVERS, DriverError};

/// Fills `buffer` with random bytes from a device; how many.
///
/// # Errors
///
/// There is no such device, or its driver failed.
pub fn random(buffer: &mut [u8]) -> Result<usize, DriverError> {
    let size = buffer.len().min(RECEIVE_MAX);
    let mut drivers = DRIVERS.lock();
    drivers.check(device::ENTROPY)?;
    let received = drivers.call(|| driver::entropy(RANDOM, size))?;
    drivers.copy_out(RANDOM, received, buffer)
}
