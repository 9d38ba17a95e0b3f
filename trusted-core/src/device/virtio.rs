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
mod queue;
pub(crate) mod setup;

use core::cell::Cell;

use domains::Domain;
use domains::core_call::error;
use domains::device::DEVICES_MAX;
use domains::layout::PAGE_SIZE;

use self::area::Areas;
use self::device::Device;
use crate::memory::frame::{Frame, pages_of};
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;

pub(crate) use self::bus::Bell;
pub(crate) use self::queue::Offence;

/// The devices by number, and what those of each cell may read and write.
#[derive(Default)]
pub(crate) struct Devices {
    devices: [Option<Device>; DEVICES_MAX],
    areas: [Areas; domains::Cell::ALL.len()],
}

/// Why a call came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// With this error.
    Error(i64),
    /// The driver is to be convicted.
    Offence(Offence),
}

/// The calls of a domain about its devices: another's are none to it.
impl Devices {
    /// Adds to the status of `device`; zero resets it. What the device makes of
    /// it.
    pub(crate) fn set_status(
        &mut self,
        caller: Option<Domain>,
        device: u64,
        status: u64,
    ) -> Result<u64, Refused> {
        self.get(caller, device)?.set_status(status)
    }

    /// Accepts features; none of them asks which there are.
    pub(crate) fn accept(
        &mut self,
        caller: Option<Domain>,
        device: u64,
        features: u64,
    ) -> Result<u64, Refused> {
        self.get(caller, device)?.accept(features)
    }

    /// Sets a queue up; without a size says what size it can have.
    pub(crate) fn set_queue(
        &mut self,
        caller: Option<Domain>,
        space: &mut Space,
        [device, queue, size, rings]: [u64; 4],
    ) -> Result<u64, Refused> {
        let device = find(&mut self.devices, caller, device)?;
        let areas = &self.areas[device.cell().number()];
        match size {
            0 => device.queue_max(queue),
            _ => device
                .set_queue(queue, size, rings, areas, space)
                .map(|()| 0),
        }
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
        let device = find(&mut self.devices, caller, device)?;
        device.publish(queue, &self.areas[device.cell().number()], bell)
    }

    /// Reads a device's configuration.
    pub(crate) fn configuration(
        &mut self,
        caller: Option<Domain>,
        device: u64,
        offset: u64,
        size: u64,
    ) -> Result<u64, Refused> {
        self.get(caller, device)?.configuration(offset, size)
    }

    /// Has the devices of `cell` have nothing any more.
    pub(crate) fn stop(&mut self, cell: domains::Cell) {
        let devices = self.devices.iter_mut().flatten();
        devices
            .filter(|device| device.cell() == cell)
            .for_each(Device::stop);
    }

    /// Clears what `cell` had for its rings: its devices were stopped.
    pub(crate) fn clear(&self, cell: domains::Cell, map: PhysicalMap) {
        let dma = self.areas[cell.number()].dma;
        let frames = (0..pages_of(dma.size)).map(|page| dma.physical + page * PAGE_SIZE);
        frames.for_each(|frame| map.zero(Frame::containing(frame)));
    }

    /// Takes note of an interrupt of `device`; whether it was one.
    pub(crate) fn acknowledge(&mut self, device: usize) -> bool {
        let device = self.devices.get_mut(device).and_then(Option::as_mut);
        device.is_some_and(Device::acknowledge)
    }

    fn get(&mut self, caller: Option<Domain>, device: u64) -> Result<&mut Device, Refused> {
        find(&mut self.devices, caller, device)
    }
}

/// Device number `device`, if it is the caller's and in use.
fn find(
    devices: &mut [Option<Device>],
    caller: Option<Domain>,
    device: u64,
) -> Result<&mut Device, Refused> {
    let device = usize::try_from(device).ok();
    let device = device.and_then(|device| devices.get_mut(device)?.as_mut());
    // DEFENCE: device-owner
    let device = device.filter(|device| caller == device.owner());
    device.ok_or(Refused::Error(error::NO_DEVICE))?.in_use()
}
