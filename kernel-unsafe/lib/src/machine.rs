//! Memory and addresses, as the rings want them.
//!
//! Devices are shown the addresses that this domain uses itself; the core says
//! where they lie.

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};

use domains::Cell;
use virtio_drivers::{BufferDirection, Hal, PhysAddr};

use crate::dma;

/// What `virtio-drivers` asks of a machine.
#[derive(Debug)]
pub struct Machine;

/// Where the used ring of the queue lies that is being set up.
static USED_RING: AtomicUsize = AtomicUsize::new(0);

/// Says whose used ring is asked for next: that of a device of `cell`, which is
/// the caller.
pub fn next_queue(cell: Cell, device: usize, queue: u16) {
    let address = cell.used_ring(device, usize::from(queue));
    USED_RING.store(address as usize, Ordering::Relaxed);
}

/// The cell that this is: the one in whose region the ring lies that it was asked
/// for.
fn cell() -> Cell {
    let ring = USED_RING.load(Ordering::Relaxed) as u64;
    let is_own = |cell: &Cell| cell.used_rings().contains(ring);
    let own = Cell::ALL.into_iter().find(is_own);
    own.unwrap_or(Cell::Console)
}

// SAFETY: memory comes from the DMA area, which gives nothing twice. A used
// ring is the core's, which maps it before it is looked at, and nothing but
// this queue leads there.
unsafe impl Hal for Machine {
    fn dma_alloc(pages: usize, direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let memory = match direction {
            BufferDirection::DeviceToDriver => NonNull::new(ptr::with_exposed_provenance_mut(
                USED_RING.load(Ordering::Relaxed),
            )),
            BufferDirection::DriverToDevice | BufferDirection::Both => dma::take(cell(), pages),
        };
        // An address of zero says that there is none.
        memory.map_or((0, NonNull::dangling()), |memory| {
            (memory.addr().get() as u64, memory)
        })
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        // A device that was not reset may still use it: it stays taken.
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        unreachable!("registers are the core's")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.addr().get() as u64
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}
