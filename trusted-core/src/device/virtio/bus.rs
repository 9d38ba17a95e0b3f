//! How a device is reached. Its registers do the same on every bus, and each bus
//! has them elsewhere.

use core::sync::atomic::{Ordering, fence};

use domains::device::QUEUE_SIZE_MAX;
use zerocopy::FromBytes;

use super::queue::{Rings, wants_bell};
use crate::device::mmio::{Mmio, Register};
use crate::memory::physical::PhysicalMap;

#[cfg(test)]
pub(super) mod fake;
#[cfg(test)]
mod tests;

/// Where a bus has the registers of a device. Of each pair, the lower half comes
/// first.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) offered_select: Register,
    pub(super) offered: Register,
    pub(super) accepted_select: Register,
    pub(super) accepted: Register,
    pub(super) status: Register,
    pub(super) generation: Register,
    pub(super) queue_select: Register,
    pub(super) queue_max: Register,
    pub(super) queue_size: Register,
    pub(super) queue_ready: Register,
    /// By which message the queue interrupts, where there are messages.
    pub(super) queue_vector: Option<Register>,
    /// Which bell is the queue's, where there are several.
    pub(super) queue_bell: Option<Register>,
    pub(super) bell_size: u32,
    pub(super) table: u32,
    pub(super) available: u32,
    pub(super) used: u32,
    /// Why the device interrupts, and where that is acknowledged. Behind a
    /// message is always a reason.
    pub(super) reasons: Option<[u32; 2]>,
}

/// The only message by which a device may interrupt.
pub(super) const VECTOR: u32 = 0;

/// A device's registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bus {
    pub(super) layout: &'static Layout,
    pub(super) registers: Mmio,
    pub(super) bells: Mmio,
    /// From one bell to the next.
    pub(super) stride: u32,
    /// The device's configuration, if it has one.
    pub(super) configuration: Option<Mmio>,
}

/// By what a device hears that something was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct Bell {
    /// Where the queue's used ring is, which says whether the device wants it.
    used: u64,
    /// The register for it, and the number of the queue, to be written there.
    register: Mmio,
    queue: u64,
}

impl Bus {
    /// The device's status.
    pub(super) fn status(self) -> u8 {
        self.registers.get(self.layout.status) as u8
    }

    /// Writes the device's status.
    pub(super) fn set_status(self, status: u8) {
        self.registers.set(self.layout.status, u32::from(status));
    }

    /// The features that the device offers.
    pub(super) fn offered(self) -> u64 {
        let half = |select| {
            self.registers.set(self.layout.offered_select, select);
            u64::from(self.registers.get(self.layout.offered))
        };
        half(0) | half(1) << 32
    }

    /// Accepts features.
    pub(super) fn accept(self, features: u64) {
        for (select, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.registers.set(self.layout.accepted_select, select);
            self.registers.set(self.layout.accepted, half);
        }
    }

    /// How many entries a queue can have; zero where there is no queue.
    pub(super) fn queue_max(self, queue: u16) -> u16 {
        let select = self.layout.queue_select;
        self.registers.set(select, u32::from(queue));
        let most = self.registers.get(self.layout.queue_max);
        most.min(u32::from(QUEUE_SIZE_MAX)) as u16
    }

    /// Gives the device the rings of a queue; none if it does not take them, else
    /// the queue's bell.
    pub(super) fn set_queue(self, queue: u16, size: u16, rings: &Rings) -> Option<Bell> {
        let (layout, registers) = (self.layout, self.registers);
        registers.set(layout.queue_select, u32::from(queue));
        registers.set(layout.queue_size, u32::from(size));
        registers.write_pair(layout.table, rings.table);
        registers.write_pair(layout.available, rings.available());
        registers.write_pair(layout.used, rings.shared);
        if let Some(vector) = layout.queue_vector {
            registers.set(vector, VECTOR);
            (registers.get(vector) == VECTOR).then_some(())?;
        }
        registers.set(layout.queue_ready, 1);
        (registers.get(layout.queue_ready) == 1).then_some(())?;
        let place = layout.queue_bell.map_or(0, |bell| registers.get(bell));
        let offset = self.stride.checked_mul(place)?;
        Some(Bell {
            used: rings.shared,
            register: self.bells.part(offset, layout.bell_size)?,
            queue: u64::from(queue),
        })
    }

    /// A number that changes with the configuration.
    pub(super) fn generation(self) -> u32 {
        self.registers.get(self.layout.generation)
    }

    /// Acknowledges an interrupt; whether there was one.
    pub(super) fn acknowledge(self) -> bool {
        let Some([why, acknowledge]) = self.layout.reasons else {
            return true;
        };
        let reasons = self.registers.read(why);
        self.registers.write(acknowledge, reasons);
        reasons != 0
    }
}

impl Bell {
    /// Rings, if the device wants to know. Without the core's lock, for a
    /// device may take its time. The fence is for a device that has just looked
    /// for more, found nothing, and now asks for the bell; the queue's model is
    /// wrong without it.
    pub(crate) fn ring(self) {
        self.ring_in(PhysicalMap::CORE);
    }

    /// Does so where `map` shows the used ring.
    fn ring_in(self, map: PhysicalMap) {
        fence(Ordering::SeqCst);
        if wants_bell(self.used, map) {
            self.register.set(self.register.only(), self.queue as u32);
        }
    }
}
