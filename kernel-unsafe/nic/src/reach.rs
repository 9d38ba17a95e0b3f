//! What the driver reaches beside its own memory: the core, its desk, frames.
//!
//! A seam: on the host, tests have a device of their own behind it.

use core::ptr;

use domains::Cell;
use gate::core_call::driver;
use kernel_unsafe::Machine;
use virtio_drivers::Hal;

/// The way to what is outside.
///
/// Addresses are those of the desk and of buffers for frames: whatever stands there,
/// somebody else may change at any time.
pub(crate) trait Reach: Hal {
    /// Says for which queue memory is asked next.
    fn next_queue(device: usize, queue: u16);

    /// Has the core give `device` what is new in a queue; whether it did.
    fn publish(device: usize, queue: u16) -> bool;

    /// The word at `address`.
    fn load(address: u64) -> u64;

    /// The word of 16 bits at `address`.
    fn load_half(address: u64) -> u16;

    /// Puts a word at `address`.
    fn store(address: u64, word: u64);
}

impl Reach for Machine {
    fn next_queue(device: usize, queue: u16) {
        kernel_unsafe::next_queue(Cell::Nic, device, queue);
    }

    fn publish(device: usize, queue: u16) -> bool {
        driver::publish(device, queue) == 0
    }

    fn load(address: u64) -> u64 {
        let place: *const u64 = ptr::with_exposed_provenance(address as usize);
        // SAFETY: the desk and the buffers are mapped for good where there is a card,
        // and nobody has a reference there.
        unsafe { place.read_volatile() }
    }

    fn load_half(address: u64) -> u16 {
        let place: *const u16 = ptr::with_exposed_provenance(address as usize);
        // SAFETY: as above.
        unsafe { place.read_volatile() }
    }

    fn store(address: u64, word: u64) {
        let place: *mut u64 = ptr::with_exposed_provenance_mut(address as usize);
        // SAFETY: as above.
        unsafe { place.write_volatile(word) };
    }
}
