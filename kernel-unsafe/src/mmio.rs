//! Devices on a virtio-mmio bus: register blocks that the core has mapped.

use core::ptr::{self, NonNull};

use gate::info;
use virtio_drivers::transport::SomeTransport;
use virtio_drivers::transport::mmio::MmioTransport;

/// The size of a register block, the device's configuration included.
const BLOCK: usize = 0x200;

/// Calls `found` for each device, the one at the highest address first: that
/// is the order in which the host's command line names them.
pub(crate) fn find(mut found: impl FnMut(SomeTransport<'static>)) {
    let mut blocks = info::boot().mmio;
    blocks.sort_unstable();
    for block in blocks.into_iter().rev().filter(|block| *block != 0) {
        if let Some(transport) = open(block as usize) {
            found(transport);
        }
    }
}

/// The device whose registers lie at `address`; none if the slot is empty.
fn open(address: usize) -> Option<SomeTransport<'static>> {
    let header = NonNull::new(ptr::with_exposed_provenance_mut(address))?;
    // SAFETY: the core has mapped the block for good, for the drivers alone,
    // and this is the only place that makes a transport of it.
    let transport = unsafe { MmioTransport::new(header, BLOCK) };
    transport.ok().map(SomeTransport::from)
}
