//! One device: its status, its features, its queues.

use core::cell::Cell;

use domains::Area;
use domains::core_call::error;
use domains::device::{Kind, feature};
use domains::layout::PAGE_SIZE;

use super::Refused;
use super::area::Areas;
use super::bus::{Bell, Bus};
use super::queue::{Queue, Rings, driver_size};
use crate::device::ioapic::Pin;
use crate::memory::entry::Rights;
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::report;

#[cfg(test)]
mod tests;

/// A device's status: how far it and its driver are (virtio 1.2, 2.1).
const HAS_DRIVER: u8 = 1 << 0 | 1 << 1;
const AGREED: u8 = HAS_DRIVER | 1 << 3;
const STARTED: u8 = AGREED | 1 << 2;
const FAILED: u8 = 1 << 7;

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
pub(crate) struct Device {
    number: usize,
    kind: Kind,
    /// The cell that drives it.
    cell: domains::Cell,
    bus: Bus,
    pin: Option<Pin>,
    /// Where the rings are seen.
    map: PhysicalMap,
    /// As it was last written; with `FAILED` the device is given up.
    status: u8,
    /// Whether it is given up for what its driver did.
    is_convicted: bool,
    queues: &'static mut [Queue],
}

impl Device {
    /// Device number `number`, whose queues are in memory for it alone.
    pub(super) fn new(number: usize, found: Found, queues: &'static mut [Queue]) -> Device {
        Device {
            number,
            kind: found.kind,
            cell: found.kind.cell(),
            bus: found.bus,
            pin: found.pin,
            map: PhysicalMap::CORE,
            status: 0,
            is_convicted: false,
            queues,
        }
    }

    /// The cell that drives it, which alone may make calls about it.
    #[inline]
    pub(super) const fn cell(&self) -> domains::Cell {
        self.cell
    }

    /// The device, unless it was given up.
    pub(super) fn in_use(&mut self) -> Result<&mut Device, i64> {
        match self.status & FAILED {
            0 => Ok(self),
            _ => Err(error::DEVICE),
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
        let Some(queue) = queue else {
            return Err(self.without_queue());
        };
        match queue.publish(self.map, areas) {
            Ok(()) => bell.set(queue.bell),
            Err(refused) => return Err(self.convict(refused)),
        }
        Ok(())
    }

    /// Why there is no such queue.
    #[cold]
    fn without_queue(&mut self) -> Refused {
        Refused::Error(self.in_use().err().unwrap_or(error::INVALID))
    }

    /// Gives the device up, because it or its driver has broken a rule.
    #[cold]
    #[inline(never)]
    fn convict(&mut self, refused: Refused) -> Refused {
        match refused {
            Refused::Error(_) => {
                Refused::Error(self.give_up("it has used what it was not given"))
            }
            offence => {
                self.fail();
                self.is_convicted = true;
                offence
            }
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

    /// Resets the device and accepts features; without any says which ones the
    /// driver may accept.
    pub(crate) fn begin(&mut self, features: u64) -> Result<u64, i64> {
        self.reset()?;
        let offered = self.bus.offered();
        // DEFENCE: feature-list
        let allowed = offered & self.kind.features();
        if features == 0 {
            return Ok(allowed);
        }
        let is_modern = features & feature::VERSION_1 != 0;
        if features & !allowed != 0 || !is_modern {
            return Err(error::INVALID);
        }
        self.set_status(HAS_DRIVER);
        self.bus.accept(features);
        self.set_status(AGREED);
        // DEFENCE: features-refused
        if self.bus.status() != AGREED {
            return Err(self.give_up("it refuses the features"));
        }
        Ok(features)
    }

    /// Resets the device and waits for it: from then on it has nothing.
    fn reset(&mut self) -> Result<(), i64> {
        self.set_status(0);
        let is_done = (0..RESET_LOOKS).any(|_| {
            core::hint::spin_loop();
            self.bus.status() == 0
        });
        // DEFENCE: reset-waits
        if !is_done {
            return Err(self.give_up("it does not finish a reset"));
        }
        self.queues.iter_mut().for_each(Queue::close);
        Ok(())
    }

    /// Resets the device for a driver that starts anew: what the last one did is
    /// forgiven, what the device did is not.
    pub(super) fn stop(&mut self) {
        if core::mem::take(&mut self.is_convicted) || self.status & FAILED == 0 {
            // A device that does not finish is given up.
            _ = self.reset();
        }
    }

    /// The frames of its used rings.
    pub(super) fn used_rings(&self) -> impl Iterator<Item = Frame> {
        let rings = self.queues.iter().map(|queue| queue.rings.shared);
        rings.filter(|shared| *shared != 0).map(Frame::containing)
    }

    /// Lets the device start, with the queues that it has.
    pub(crate) fn start(&mut self) -> Result<u64, i64> {
        // DEFENCE: status-features
        if self.status != AGREED {
            return Err(error::INVALID);
        }
        self.set_status(STARTED);
        Ok(0)
    }

    fn set_status(&mut self, status: u8) {
        self.status = status;
        self.bus.set_status(status);
    }

    /// Sets a queue up whose driver has its rings at `address`; without a size says
    /// what size it can have.
    pub(crate) fn set_queue(
        &mut self,
        [number, size, address]: [u64; 3],
        areas: &Areas,
        space: &mut Space,
    ) -> Result<u64, i64> {
        let queue = queue_of(self.queues, number).ok_or(error::INVALID)?;
        let most = self.bus.queue_max(number as u16);
        if size == 0 {
            return Ok(u64::from(most));
        }
        // DEFENCE: queue-once
        let is_time = self.status == AGREED && !queue.is_ready();
        let size = u16::try_from(size).ok().filter(|size| *size <= most);
        let size = size.filter(|size| is_time && size.is_power_of_two());
        let size = size.ok_or(error::INVALID)?;
        let driver = place_of_rings(address, size, areas).ok_or(error::BAD_ADDRESS)?;
        let rings = match queue.rings.shared {
            0 => make_rings(self.cell, self.number, number as usize, space),
            _ => Some(queue.rings),
        };
        let rings = rings.ok_or(error::NO_MEMORY)?;
        self.map.zero(Frame::containing(rings.table));
        self.map.zero(Frame::containing(rings.shared));
        let rings = Rings { driver, ..rings };
        let Some(bell) = self.bus.set_queue(number as u16, size, &rings) else {
            return Err(self.give_up("it does not take a queue"));
        };
        *queue = Queue::new(size, rings, bell);
        Ok(0)
    }

    /// The `size` bytes at `offset` of the configuration, as they are at one
    /// time.
    pub(crate) fn configuration(&mut self, offset: u64, size: u64) -> Result<u64, i64> {
        let is_piece = matches!(size, 1 | 2 | 4) && offset.is_multiple_of(size);
        let offset = u32::try_from(offset).ok().filter(|_| is_piece);
        let piece = offset.zip(self.bus.configuration);
        let piece = piece.and_then(|(offset, all)| all.part(offset, size as u32));
        let piece = piece.ok_or(error::INVALID)?;
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
    fn give_up(&mut self, why: &str) -> i64 {
        self.fail();
        report::line(format_args!(
            "cloister: device {} ({}) is given up: {why}",
            self.number,
            self.kind.name()
        ));
        error::DEVICE
    }

    /// Has no queue any more, and can have none.
    fn fail(&mut self) {
        self.set_status(self.status | FAILED);
        self.queues.iter_mut().for_each(Queue::close);
    }
}

fn queue_of(queues: &mut [Queue], number: u64) -> Option<&mut Queue> {
    // DEFENCE: queue-number
    queues.get_mut(usize::try_from(number).ok()?)
}

/// Where a driver has the rings of a queue of `size` entries; none where it must
/// not have them.
fn place_of_rings(address: u64, size: u16, areas: &Areas) -> Option<u64> {
    // DEFENCE: queue-place
    let driver = areas.dma.translate(address, driver_size(size));
    driver.filter(|driver| driver.is_multiple_of(PAGE_SIZE))
}

/// Two frames for a queue of a device, the second of which its cell reads.
fn make_rings(
    cell: domains::Cell,
    device: usize,
    queue: usize,
    space: &mut Space,
) -> Option<Rings> {
    let table = space.frames.allocate(Owner::CORE)?;
    let Some(shared) = make_used_ring(cell, cell.used_ring(device, queue), space) else {
        space.frames.release(table);
        return None;
    };
    Some(Rings {
        driver: 0,
        table: table.address(),
        shared: shared.address(),
    })
}

/// A frame that `owner` reads at `address`; none if memory runs out. It is clear
/// before another CPU can look at it.
fn make_used_ring(owner: domains::Cell, address: u64, space: &mut Space) -> Option<Frame> {
    let frame = space.frames.allocate(Owner::CORE)?;
    // DEFENCE: used-ring-zeroed
    space.tables.physical().zero(frame);
    // DEFENCE: used-ring-read-only
    let entry = space.user(frame, Area::Cell(owner), Rights::Read);
    let is_placed = space.place_page(address, entry);
    if !is_placed {
        space.frames.release(frame);
    }
    is_placed.then_some(frame)
}
