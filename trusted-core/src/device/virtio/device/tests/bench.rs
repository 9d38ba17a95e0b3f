//! A device whose registers, memory and driver are the test's.

extern crate std;

use std::boxed::Box;
use std::string::String;
use std::vec;

use super::super::*;
use crate::device::virtio::Devices;
use crate::device::virtio::area::Area;
use crate::device::virtio::bus::fake::{Fake, Write};
use crate::memory::space::tests::space;
use core::sync::atomic::Ordering::Relaxed;
use domains::Domain;
use domains::device::QUEUES_MAX;

/// The number of the only device there is.
pub(super) const OWN: u64 = 1;
/// Whose it is.
pub(super) const CELL: domains::Cell = domains::Cell::Console;
pub(super) const OWNER: Option<Domain> = Some(Domain::Cell(CELL));
/// Where the driver has its rings, and how much room.
pub(super) const DMA: u64 = 0x7000_0000;
pub(super) const DMA_PAGES: u64 = 6;

pub(super) const INVALID: Refused = Refused::Error(error::INVALID);
pub(super) const GIVEN_UP: Refused = Refused::Error(error::DEVICE);

pub(super) struct Bench {
    pub(super) fake: &'static Fake,
    pub(super) devices: Devices,
    pub(super) space: Space,
    pub(super) map: PhysicalMap,
}

impl Bench {
    /// A console that nobody has begun with.
    pub(super) fn new() -> Bench {
        let mut space = space(64);
        let map = space.tables.physical();
        let first = space.frames.allocate_run(DMA_PAGES, 1, Owner::CORE);
        let (fake, bus) = Fake::new();
        let found = Found {
            kind: Kind::Console,
            bus,
            pin: None,
        };
        let queues = Box::leak(vec![Queue::default(); QUEUES_MAX].into_boxed_slice());
        let mut device = Device::new(OWN as usize, found, queues);
        device.map = map;
        let mut devices = Devices::default();
        devices.devices[OWN as usize] = Some(device);
        devices.areas[CELL.number()].dma = Area {
            address: DMA,
            physical: first.expect("there is room").address(),
            size: DMA_PAGES * PAGE_SIZE,
        };
        Bench {
            fake,
            devices,
            space,
            map,
        }
    }

    /// A console whose features are agreed on.
    pub(super) fn begun() -> Bench {
        let mut bench = Bench::new();
        bench.begin();
        bench
    }

    pub(super) fn begin(&mut self) {
        let accepted = self.accept(feature::VERSION_1);
        assert_eq!(accepted, Ok(feature::VERSION_1));
        self.fake.written();
    }

    /// Resets the device.
    pub(super) fn reset(&mut self) -> Result<u64, i64> {
        self.accept(0)
    }

    /// Resets the device and accepts features.
    pub(super) fn accept(&mut self, features: u64) -> Result<u64, i64> {
        self.devices.get(OWNER, OWN)?.begin(features)
    }

    pub(super) fn start(&mut self) -> Result<u64, i64> {
        self.devices.get(OWNER, OWN)?.start()
    }

    pub(super) fn set_queue(&mut self, queue: u64, size: u64, rings: u64) -> Result<u64, i64> {
        let words = [OWN, queue, size, rings];
        self.devices.set_queue(OWNER, words, &mut self.space)
    }

    pub(super) fn publish(&mut self, queue: u64) -> Result<Rings, Refused> {
        self.devices.publish(OWNER, OWN, queue, &Cell::default())?;
        let device = self.devices.devices[OWN as usize].as_ref();
        Ok(device.expect("it is there").queues[queue as usize].rings)
    }

    pub(super) fn configuration(&mut self, offset: u64, size: u64) -> Result<u64, i64> {
        self.devices.get(OWNER, OWN)?.configuration(offset, size)
    }

    /// Where the core sees `address` of the driver's area.
    pub(super) fn physical(&self, address: u64) -> u64 {
        self.dma().translate(address, 1).expect("in the area")
    }

    /// The area in which the driver has its rings.
    pub(super) fn dma(&self) -> Area {
        self.devices.areas[CELL.number()].dma
    }

    /// Puts one good request into the queue of `size` at `rings`, as `head`.
    pub(super) fn request(&self, rings: u64, size: u16, index: u16, head: u16) {
        let place = self.physical(rings);
        let descriptor = self.map.word(place + 16 * u64::from(head));
        descriptor.store(DMA, Relaxed);
        let rest = self.map.word(place + 16 * u64::from(head) + 8);
        rest.store(16, Relaxed);
        let ring = place + 16 * u64::from(size);
        let slot = self.map.half(ring + 4 + 2 * u64::from(index % size));
        slot.store(head, Relaxed);
        self.map.half(ring + 2).store(index + 1, Relaxed);
    }

    /// Whether the device is given up for good, and the console says why.
    #[track_caller]
    pub(super) fn check_given_up(&mut self, why: &str) {
        assert_eq!(report::told(), [line(why)]);
        let last = self.fake.written().pop();
        assert!(matches!(last, Some(Write::Status(status)) if status & 0x80 != 0));
        assert_eq!(self.reset(), Err(error::DEVICE));
        assert_eq!(self.accept(feature::VERSION_1), Err(error::DEVICE));
        assert_eq!(self.start(), Err(error::DEVICE));
        assert_eq!(self.set_queue(0, 0, 0), Err(error::DEVICE));
        assert_eq!(self.set_queue(0, 8, DMA), Err(error::DEVICE));
        assert_eq!(self.publish(0), Err(GIVEN_UP));
        assert_eq!(self.configuration(0, 1), Err(error::DEVICE));
        assert_eq!(self.fake.written(), [], "nobody touches it again");
    }
}

fn line(why: &str) -> String {
    std::format!("cloister: device {OWN} (console) is given up: {why}")
}
