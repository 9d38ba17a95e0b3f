//! Virtio devices, which belong to the core.
//!
//! A device reads and writes memory by what stands in its queues, and no key
//! stops it. So its registers are the core's, and so are the rings that it
//! reads. A driver has a number for its device, rings of its own, and the calls
//! of [`Devices`].

mod area;
mod bus;
mod device;
mod mmio;
mod pci;
pub(crate) mod queue;
pub(crate) mod setup;

use core::cell::Cell;

use domains::Domain;
use domains::core_call::error;
use domains::device::DEVICES_MAX;

use self::area::Areas;
use self::device::Device;
use crate::memory::frame::{Frame, pages_of};
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;

pub(crate) use self::bus::Bell;

/// The devices by number, and what those of each cell may read and write.
#[derive(Default)]
pub(crate) struct Devices {
    devices: [Option<Device>; DEVICES_MAX],
    areas: [Areas; domains::Cell::ALL.len()],
}

/// Why nothing was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// An error; of the queue itself, that the device has broken a rule.
    Error(i64),
    /// The driver gave its device what lies at this address.
    Memory(u64),
    /// The driver broke a rule of the rings.
    Rings,
}

/// The calls of a domain about its devices: another's are none to it.
impl Devices {
    /// Device number `device` of the caller, unless it was given up.
    #[inline]
    pub(crate) fn get(
        &mut self,
        caller: Option<Domain>,
        device: u64,
    ) -> Result<&mut Device, i64> {
        find(&mut self.devices, caller, device)?.in_use()
    }

    /// Sets up queue `(device, queue, size, rings)`; without a size says what size
    /// it can have.
    pub(crate) fn set_queue(
        &mut self,
        caller: Option<Domain>,
        [device, queue @ ..]: [u64; 4],
        space: &mut Space,
    ) -> Result<u64, i64> {
        let device = find(&mut self.devices, caller, device)?.in_use()?;
        device.set_queue(queue, &self.areas[device.cell().number()], space)
    }

    /// Gives `device` what is new in a queue; `bell` is to be rung when the core's
    /// lock is open.
    #[inline]
    pub(crate) fn publish(
        &mut self,
        caller: Option<Domain>,
        device: u64,
        queue: u64,
        bell: &Cell<Bell>,
    ) -> Result<(), Refused> {
        let device = find(&mut self.devices, caller, device).map_err(Refused::Error)?;
        device.publish(queue, &self.areas[device.cell().number()], bell)
    }

    /// Has the devices of `cell` have nothing any more.
    pub(crate) fn stop(&mut self, cell: domains::Cell) {
        let devices = self.devices.iter_mut().flatten();
        let own = devices.filter(|device| device.cell() == cell);
        own.for_each(Device::stop);
    }

    /// Clears what `cell` had for its rings, and what it read of its devices: they were
    /// stopped.
    pub(crate) fn clear(&self, cell: domains::Cell, map: PhysicalMap) {
        let dma = self.areas[cell.number()].dma;
        let pages = Frame::containing(dma.physical).run(pages_of(dma.size));
        let devices = self.devices.iter().flatten();
        let own = devices.filter(|device| device.cell() == cell);
        let used = own.flat_map(Device::used_rings);
        // DEFENCE: used-rings-cleared
        pages.chain(used).for_each(|frame| map.zero(frame));
    }

    /// Takes note of an interrupt of `device`; whether it was one.
    pub(crate) fn acknowledge(&mut self, device: usize) -> bool {
        let device = self.devices.get_mut(device).and_then(Option::as_mut);
        device.is_some_and(Device::acknowledge)
    }
}

/// Device number `device`, if it is the caller's.
fn find(
    devices: &mut [Option<Device>],
    caller: Option<Domain>,
    device: u64,
) -> Result<&mut Device, i64> {
    let device = usize::try_from(device).ok();
    let device = device.and_then(|device| devices.get_mut(device)?.as_mut());
    // DEFENCE: device-owner
    let device = device.filter(|device| is_own(caller, device.cell()));
    device.ok_or(error::NO_DEVICE)
}

const fn is_own(caller: Option<Domain>, cell: domains::Cell) -> bool {
    matches!(caller, Some(Domain::Cell(own)) if own as u8 == cell as u8)
}
