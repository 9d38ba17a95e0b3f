//! One device: its status, its features, its queues.

use core::cell::Cell;

use bitflags::bitflags;
use domains::core_call::error;
use domains::device::{Kind, feature};
use domains::layout::{PAGE_SIZE, used_ring};

use super::Refused;
use super::area::Areas;
use super::bus::{Bell, Bus};
use super::queue::{Queue, Refusal, Rings, driver_size};
use crate::device::ioapic::Pin;
use crate::memory::entry::Rights;
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::report;

#[cfg(test)]
mod tests;

bitflags! {
    /// How far a device and its driver are (virtio 1.2, 2.1).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    struct Status: u8 {
        const ACKNOWLEDGE = 1 << 0;
        const DRIVER = 1 << 1;
        const DRIVER_OK = 1 << 2;
        const FEATURES_OK = 1 << 3;
        const FAILED = 1 << 7;
    }
}

/// How often the core looks whether a reset is done.
const RESET_LOOKS: u32 = 10_000;
/// How often it reads a configuration that changes meanwhile.
const CONFIGURATION_READS: u32 = 8;

/// A device as it was found: what it is, and how it is reached.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) bus: Bus,
    pub(super) pin: Option<Pin>,
}

/// A device that a driver has.
pub(super) struct Device {
    number: usize,
    kind: Kind,
    bus: Bus,
    pin: Option<Pin>,
    /// Where the rings are seen.
    map: PhysicalMap,
    status: Status,
    has_accepted: bool,
    is_given_up: bool,
    queues: &'static mut [Queue],
}

impl Device {
    /// Device number `number`, whose queues are in memory for it alone.
    pub(super) fn new(number: usize, found: Found, queues: &'static mut [Queue]) -> Device {
        Device {
            number,
            kind: found.kind,
            bus: found.bus,
            pin: found.pin,
            map: PhysicalMap::CORE,
            status: Status::empty(),
            has_accepted: false,
            is_given_up: false,
            queues,
        }
    }

    /// The device, unless it was given up.
    pub(super) fn in_use(&mut self) -> Result<&mut Device, Refused> {
        match self.is_given_up {
            true => Err(Refused::Error(error::DEVICE)),
            false => Ok(self),
        }
    }

    /// Gives the device what is new in a queue; `bell` is to be rung when the
    /// core's lock is open.
    #[inline]
    pub(super) fn publish(
        &mut self,
        number: u64,
        areas: &Areas,
        bell: &Cell<Bell>,
    ) -> Result<(), Refused> {
        let queue = queue_of(self.queues, number).filter(|queue| queue.is_ready());
        let queue = queue.ok_or(Refused::Error(error::INVALID))?;
        match queue.publish(self.map, areas) {
            Ok(()) => bell.set(queue.bell()),
            Err(refusal) => return Err(self.refused(refusal)),
        }
        Ok(())
    }

    /// Gives the device up, because it or its driver has broken a rule.
    #[cold]
    #[inline(never)]
    fn refused(&mut self, refusal: Refusal) -> Refused {
        match refusal {
            Refusal::Driver(offence) => {
                self.is_given_up = true;
                Refused::Offence(offence)
            }
            Refusal::Device => self.give_up("it has used what it was not given"),
        }
    }

    /// Takes note of an interrupt; whether it was one.
    pub(super) fn acknowledge(&mut self) -> bool {
        let has_reason = self.bus.acknowledge();
        if let Some(pin) = &mut self.pin {
            pin.fired(has_reason);
        }
        has_reason
    }

    /// Adds to the status; zero is a reset. What the device makes of it.
    pub(super) fn set_status(&mut self, status: u64) -> Result<u64, Refused> {
        if status == 0 {
            return self.reset();
        }
        let status = u8::try_from(status).ok().and_then(Status::from_bits);
        let status = status.ok_or(Refused::Error(error::INVALID))?;
        let after = self.status | status;
        let needs_features = after.intersects(Status::FEATURES_OK | Status::DRIVER_OK);
        let has_features = self.has_accepted && after.contains(Status::FEATURES_OK);
        // DEFENCE: status-features
        if needs_features && !has_features {
            return Err(Refused::Error(error::INVALID));
        }
        self.status = after;
        self.bus.set_status(self.status.bits());
        let answer = self.bus.status();
        // DEFENCE: features-refused
        if (status - Status::from_bits_truncate(answer)).contains(Status::FEATURES_OK) {
            return Err(self.give_up("it refuses the features"));
        }
        Ok(u64::from(answer))
    }

    /// Resets the device and waits for it: from then on it has nothing.
    fn reset(&mut self) -> Result<u64, Refused> {
        self.bus.set_status(0);
        let is_done = (0..RESET_LOOKS).any(|_| {
            core::hint::spin_loop();
            self.bus.status() == 0
        });
        // DEFENCE: reset-waits
        if !is_done {
            return Err(self.give_up("it does not finish a reset"));
        }
        self.queues.iter_mut().for_each(Queue::close);
        self.status = Status::empty();
        self.has_accepted = false;
        Ok(0)
    }

    /// Accepts features, once, or says which the driver may accept.
    pub(super) fn accept(&mut self, features: u64) -> Result<u64, Refused> {
        let offered = self.bus.offered();
        // DEFENCE: feature-list
        let allowed = offered & self.kind.features();
        if features == 0 {
            return Ok(allowed);
        }
        let is_modern = features & feature::VERSION_1 != 0;
        if features & !allowed != 0 || self.has_accepted || !is_modern {
            return Err(Refused::Error(error::INVALID));
        }
        self.bus.accept(features);
        self.has_accepted = true;
        Ok(features)
    }

    /// The most entries that a queue can have.
    pub(super) fn queue_max(&mut self, number: u64) -> Result<u64, Refused> {
        queue_of(self.queues, number).ok_or(Refused::Error(error::INVALID))?;
        Ok(u64::from(self.bus.queue_max(number as u16)))
    }

    /// Sets a queue up whose driver has its rings at `address`.
    pub(super) fn set_queue(
        &mut self,
        number: u64,
        size: u64,
        address: u64,
        areas: &Areas,
        space: &mut Space,
    ) -> Result<(), Refused> {
        let size = self.size_of_new(number, size)?;
        // DEFENCE: queue-place
        let driver = areas.dma.translate(address, driver_size(size));
        let driver = driver.filter(|driver| driver.is_multiple_of(PAGE_SIZE));
        let driver = driver.ok_or(Refused::Error(error::BAD_ADDRESS))?;
        let rings = self.rings(number, driver, space)?;
        let bell = self.bus.set_queue(number as u16, size, &rings);
        let bell = bell.ok_or_else(|| self.give_up("it does not take a queue"))?;
        if let Some(queue) = queue_of(self.queues, number) {
            *queue = Queue::new(size, rings, bell);
        }
        Ok(())
    }

    /// The size that a queue is to have, if it can and may be set up now.
    fn size_of_new(&mut self, number: u64, size: u64) -> Result<u16, Refused> {
        let most = self.queue_max(number)?;
        let is_ready = queue_of(self.queues, number).is_some_and(|queue| queue.is_ready());
        // DEFENCE: queue-once
        let is_time =
            self.has_accepted && !self.status.contains(Status::DRIVER_OK) && !is_ready;
        let can_be = is_time && size.is_power_of_two() && size <= most;
        let size = u16::try_from(size).ok().filter(|_| can_be);
        size.ok_or(Refused::Error(error::INVALID))
    }

    /// Clear rings for a queue, of which the driver sees the used one. They are
    /// made once.
    fn rings(&mut self, number: u64, driver: u64, space: &mut Space) -> Result<Rings, Refused> {
        let queue = queue_of(self.queues, number).ok_or(Refused::Error(error::INVALID))?;
        let mut rings = queue.rings();
        if rings.shared == 0 {
            let made = make_rings(used_ring(self.number, number as usize), space);
            rings = made.ok_or(Refused::Error(error::NO_MEMORY))?;
        }
        for physical in [rings.table, rings.shared] {
            self.map.zero(Frame::containing(physical));
        }
        Ok(Rings { driver, ..rings })
    }

    /// The `size` bytes at `offset` of the configuration, as they are at one
    /// time.
    pub(super) fn configuration(&mut self, offset: u64, size: u64) -> Result<u64, Refused> {
        let is_piece = matches!(size, 1 | 2 | 4) && offset.is_multiple_of(size);
        let offset = u32::try_from(offset).ok().filter(|_| is_piece);
        let piece = offset.zip(self.bus.configuration);
        let piece = piece.and_then(|(offset, all)| all.part(offset, size as u32));
        let piece = piece.ok_or(Refused::Error(error::INVALID))?;
        for _ in 0..CONFIGURATION_READS {
            let generation = self.bus.generation();
            let value = piece.get(piece.only());
            if self.bus.generation() == generation {
                return Ok(u64::from(value));
            }
        }
        Err(self.give_up("its configuration never settles"))
    }

    /// Gives the device up, which did what it must not do.
    #[cold]
    #[inline(never)]
    fn give_up(&mut self, why: &str) -> Refused {
        self.is_given_up = true;
        self.bus.set_status((self.status | Status::FAILED).bits());
        report::line(format_args!(
            "cloister: device {} ({}) is given up: {why}",
            self.number,
            self.kind.name()
        ));
        Refused::Error(error::DEVICE)
    }
}

fn queue_of(queues: &mut [Queue], number: u64) -> Option<&mut Queue> {
    // DEFENCE: queue-number
    queues.get_mut(usize::try_from(number).ok()?)
}

/// Two frames for a queue, the second of which the driver reads at `address`.
fn make_rings(address: u64, space: &mut Space) -> Option<Rings> {
    let table = space.frames.allocate(Owner::CORE)?;
    let Some(shared) = make_used_ring(address, space) else {
        space.frames.release(table);
        return None;
    };
    Some(Rings {
        driver: 0,
        table: table.address(),
        shared: shared.address(),
    })
}

/// A frame that the driver reads at `address`; none if memory runs out. It is
/// clear before another CPU can look at it.
fn make_used_ring(address: u64, space: &mut Space) -> Option<Frame> {
    let frame = space.frames.allocate(Owner::CORE)?;
    // DEFENCE: used-ring-zeroed
    space.tables.physical().zero(frame);
    // DEFENCE: used-ring-read-only
    let entry = space.user(frame, domains::Area::Unsafe, Rights::Read);
    let is_placed = space.place_page(address, entry);
    if !is_placed {
        space.frames.release(frame);
    }
    is_placed.then_some(frame)
}
