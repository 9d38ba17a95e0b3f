//! Memory and addresses, as the rings and transports want them.

use core::cell::Cell;
use core::ptr::{self, NonNull};

use domains::layout::FRAMES;
use gate::core_call::driver;
use spin::Mutex;
use virtio_drivers::{BufferDirection, Hal, PhysAddr};

use crate::places;
use crate::pool::{PAGE, take_pages};

/// What `virtio-drivers` asks of a machine.
#[derive(Debug)]
pub(crate) struct Machine;

/// A BAR as it is mapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    /// The physical address that the BAR says.
    pub(crate) physical: u64,
    /// How many bytes there are.
    pub(crate) size: u64,
    /// Where they are mapped.
    pub(crate) address: usize,
}

/// Six BARs of the device that is being set up: its transport asks for their
/// addresses by physical ones.
static MAPPINGS: Mutex<Cell<[Option<Mapping>; 6]>> = Mutex::new(Cell::new([None; 6]));

/// Says where the BARs of the next device are mapped.
pub(crate) fn set_mappings(mappings: [Option<Mapping>; 6]) {
    MAPPINGS.lock().set(mappings);
}

impl Mapping {
    /// Where the `size` bytes at `physical` are mapped.
    fn find(&self, physical: u64, size: u64) -> Option<usize> {
        let offset = physical.checked_sub(self.physical)?;
        let end = offset.checked_add(size)?;
        (end <= self.size).then_some(self.address + offset as usize)
    }
}

/// The physical address of a page of ours.
fn translate(address: usize) -> PhysAddr {
    driver::translate(address).expect("the page belongs to this domain")
}

/// Whether the frames of `count` pages follow each other.
fn is_contiguous(start: usize, count: usize) -> bool {
    let first = translate(start);
    (1..count).all(|page| translate(start + page * PAGE) == first + (page * PAGE) as u64)
}

// SAFETY: memory comes from the pool, which gives nothing twice; addresses of
// registers come from the core, which maps each where nothing else is.
unsafe impl Hal for Machine {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        while let Some(start) = take_pages(pages) {
            if is_contiguous(start.addr().get(), pages) {
                return (translate(start.addr().get()), start);
            }
        }
        (0, NonNull::dangling())
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        // A device that was not reset may still write there: the pages stay
        // taken.
        0
    }

    unsafe fn mmio_phys_to_virt(physical: PhysAddr, size: usize) -> NonNull<u8> {
        let mappings = MAPPINGS.lock().get();
        let address = mappings
            .iter()
            .flatten()
            .find_map(|mapping| mapping.find(physical, size as u64))
            .expect("the transport asks for bytes of a memory BAR");
        NonNull::new(ptr::with_exposed_provenance_mut(address)).expect("nothing is at zero")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        let address = buffer.cast::<u8>().addr().get();
        if FRAMES.contains(address as u64) {
            let offset = address - FRAMES.start as usize;
            return places::physical(offset).expect("who cut the piece has found its page");
        }
        assert!(
            address % PAGE + buffer.len() <= PAGE,
            "a buffer lies in one page"
        );
        translate(address)
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_inside_a_bar_have_an_address() {
        let mapping = Mapping {
            physical: 0xfe00_0000,
            size: 0x4000,
            address: 0x1000,
        };
        assert_eq!(mapping.find(0xfe00_0000, 0x4000), Some(0x1000));
        assert_eq!(mapping.find(0xfe00_3000, 0x1000), Some(0x4000));
        assert_eq!(mapping.find(0xfe00_3000, 0x1001), None);
        assert_eq!(mapping.find(0xfdff_ffff, 1), None);
        assert_eq!(mapping.find(u64::MAX, 2), None);
    }
}
