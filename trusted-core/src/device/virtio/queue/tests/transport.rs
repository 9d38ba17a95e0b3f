//! Joins the queue of the real drivers to the queue of the core.
//!
//! Addresses of the host mean nothing here: what a driver shares is copied to
//! memory that the device may have, and back.

#![expect(unsafe_code, reason = "the drivers' memory is the host's")]

extern crate std;

use core::cell::RefCell;
use core::ptr::NonNull;
use std::thread_local;
use std::vec::Vec;
use virtio_drivers::transport::{DeviceStatus, DeviceType, InterruptStatus, Transport};
use virtio_drivers::{BufferDirection, Error, Hal, PhysAddr, Result};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::bench::{Bench, GOOD, RINGS, load_bytes, store_bytes};
use crate::memory::physical::PhysicalMap;

/// The most bytes of a piece of a request.
pub(super) const PIECE: u64 = 32;

/// Memory that a driver can share, by its pieces.
struct Pool {
    map: PhysicalMap,
    free: Vec<u64>,
}

thread_local! {
    static POOL: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

fn with_pool<T>(work: impl FnOnce(&mut Pool) -> T) -> T {
    POOL.with_borrow_mut(|pool| work(pool.as_mut().expect("a transport was made")))
}

/// The memory of the test that this thread runs.
#[derive(Debug)]
pub(super) enum Memory {}

// SAFETY: the pieces are aligned, zeroed, and there until the process ends; each
// test has a queue of its own over memory of its own.
unsafe impl Hal for Memory {
    fn dma_alloc(_: usize, direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let place = match direction {
            BufferDirection::DeviceToDriver => RINGS.shared,
            _ => RINGS.driver,
        };
        let pointer = with_pool(|pool| pool.map.address(place)) as *mut u8;
        (place, NonNull::new(pointer).expect("memory of the host"))
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        unreachable!("no registers are mapped")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        // SAFETY: the caller shares a buffer that is its own.
        let bytes = unsafe { buffer.as_ref() };
        with_pool(|pool| {
            let address = pool.free.pop().expect("as many pieces as entries");
            store_bytes(pool.map, physical(address), bytes);
            address
        })
    }

    unsafe fn unshare(address: PhysAddr, buffer: NonNull<[u8]>, direction: BufferDirection) {
        with_pool(|pool| {
            pool.free.push(address);
            if direction == BufferDirection::DeviceToDriver {
                let bytes = load_bytes(pool.map, physical(address), buffer.len() as u64);
                let mut buffer = buffer;
                // SAFETY: what is for the device to write is the caller's own.
                unsafe { buffer.as_mut() }.copy_from_slice(&bytes);
            }
        });
    }
}

fn physical(address: u64) -> u64 {
    GOOD.translate(address, PIECE).expect("a piece")
}

/// The way from a driver to its device.
pub(super) struct Line {
    pub(super) bench: Bench,
}

impl Line {
    /// A line over fresh memory, which is this thread's from now on.
    pub(super) fn new(size: u16) -> Line {
        let bench = Bench::new(size);
        let pieces = (GOOD.address..GOOD.address + GOOD.size).step_by(PIECE as usize);
        POOL.set(Some(Pool {
            map: bench.map,
            free: pieces.collect(),
        }));
        Line { bench }
    }
}

impl Transport for Line {
    fn notify(&mut self, _: u16) {
        assert_eq!(self.bench.publish(), Ok(()));
    }

    fn max_queue_size(&mut self, _: u16) -> u32 {
        u32::from(self.bench.size)
    }

    fn queue_set(&mut self, _: u16, size: u32, table: u64, ring: u64, used: u64) {
        assert_eq!(size, u32::from(self.bench.size));
        assert_eq!([table, used], [RINGS.driver, RINGS.shared]);
        assert_eq!(ring, table + 16 * u64::from(size));
    }

    fn queue_used(&mut self, _: u16) -> bool {
        false
    }

    fn queue_unset(&mut self, _: u16) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn device_type(&self) -> DeviceType {
        DeviceType::Console
    }

    fn read_device_features(&mut self) -> u64 {
        0
    }

    fn write_driver_features(&mut self, _: u64) {}

    fn get_status(&self) -> DeviceStatus {
        DeviceStatus::empty()
    }

    fn set_status(&mut self, _: DeviceStatus) {}

    fn set_guest_page_size(&mut self, _: u32) {}

    fn ack_interrupt(&mut self) -> InterruptStatus {
        InterruptStatus::empty()
    }

    fn read_config_generation(&self) -> u32 {
        0
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, _: usize) -> Result<T> {
        Err(Error::ConfigSpaceMissing)
    }

    fn write_config_space<T: IntoBytes + Immutable>(&mut self, _: usize, _: T) -> Result<()> {
        Err(Error::Unsupported)
    }
}
