//! The devices that the core keeps to itself.

pub(crate) mod ioapic;
pub(crate) mod lapic;
pub(crate) mod mmio;
pub(crate) mod pci;
pub(crate) mod pic;
pub(crate) mod port;
pub(crate) mod rtc;
pub(crate) mod uart;
pub(crate) mod virtio;
