//! How a device is reached: over virtio-mmio, or over PCI.

use core::sync::atomic::{Ordering, fence};

use super::queue::{Rings, wants_bell};
use super::{mmio, pci};
use crate::device::mmio::Mmio;
use crate::memory::physical::PhysicalMap;

#[cfg(test)]
pub(super) mod fake;

/// A device's registers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bus {
    Mmio(mmio::Bus),
    Pci(pci::Bus),
    #[cfg(test)]
    Fake(&'static fake::Fake),
}

/// The register by which a device hears of a queue, and what is written there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doorbell {
    Word(Mmio, u32),
    Half(Mmio, u16),
}

/// What is left to do when something was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bell {
    /// Where the queue's used ring is, which says whether the device wants it.
    pub(super) used: u64,
    pub(super) register: Doorbell,
}

/// Gives each function to the device on whatever bus it is.
macro_rules! on_either {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl Bus {
            $($(#[$doc])* pub(super) fn $name(self, $($argument: $kind),*) -> $result {
                match self {
                    Bus::Mmio(bus) => bus.$name($($argument),*),
                    Bus::Pci(bus) => bus.$name($($argument),*),
                    #[cfg(test)]
                    Bus::Fake(bus) => bus.$name($($argument),*),
                }
            })*
        }
    };
}

on_either! {
    /// The device's status.
    status() -> u8;
    /// Writes the device's status.
    set_status(status: u8) -> ();
    /// The features that the device offers.
    offered() -> u64;
    /// Accepts features.
    accept(features: u64) -> ();
    /// How many entries a queue can have; zero where there is no queue.
    queue_max(queue: u16) -> u16;
    /// Gives the device the rings of a queue; none if it does not take them,
    /// else what `doorbell` wants to know.
    set_queue(queue: u16, size: u16, rings: &Rings) -> Option<u16>;
    /// The register by which the device hears of a queue.
    doorbell(queue: u16, place: u16) -> Option<Doorbell>;
    /// A number that changes with the configuration.
    generation() -> u32;
    /// The registers of the configuration, if it has one.
    configuration() -> Option<Mmio>;
    /// Acknowledges an interrupt; whether there was one.
    acknowledge() -> bool;
}

impl Bell {
    /// Rings, if the device wants to know. Without the core's lock, for a
    /// device may take its time. The fence is for a device that has just looked
    /// for more, found nothing, and now asks for the bell; the queue's model is
    /// wrong without it.
    pub(crate) fn ring(self) {
        fence(Ordering::SeqCst);
        if wants_bell(self.used, PhysicalMap::CORE) {
            match self.register {
                Doorbell::Word(register, value) => register.write(0, value),
                Doorbell::Half(register, value) => register.write16(0, value),
            }
        }
    }
}
