//! Virtio over PCI: registers in BARs, named by capabilities (virtio 1.2, 4.1).
//!
//! A device interrupts by messages, one vector for all of its queues. The core
//! writes the one entry of its table, and lets it have no other.

use super::bus::{Bus, Layout, VECTOR};
use crate::device::lapic;
use crate::device::mmio::{Mmio, Register};
use crate::device::pci::{Function, VENDOR};

/// The types of the capabilities that name registers.
const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const DEVICE: u8 = 4;

/// The common configuration.
static LAYOUT: Layout = Layout {
    offered_select: Register(0x00, 4),
    offered: Register(0x04, 4),
    accepted_select: Register(0x08, 4),
    accepted: Register(0x0c, 4),
    status: Register(0x14, 1),
    generation: Register(0x15, 1),
    queue_select: Register(0x16, 2),
    // What it can have, until that is written which it shall have.
    queue_max: Register(0x18, 2),
    queue_size: Register(0x18, 2),
    queue_vector: Some(Register(0x1a, 2)),
    queue_ready: Register(0x1c, 2),
    queue_bell: Some(Register(0x1e, 2)),
    bell_size: 2,
    table: 0x20,
    available: 0x28,
    used: 0x30,
    reasons: None,
};
const COMMON_SIZE: u32 = 0x38;

/// Bytes of an entry in the table of messages.
const MESSAGE: u32 = 16;

/// The device that is `function`, which interrupts the CPU that calls this by
/// `vector`; none if it is not a modern device with messages.
pub(super) fn bus(function: Function, vector: u8) -> Option<Bus> {
    let (_, common) = find(function, COMMON)?;
    let (notify, bells) = find(function, NOTIFY)?;
    let bus = Bus {
        layout: &LAYOUT,
        registers: common.part(0, COMMON_SIZE)?,
        bells,
        stride: function.read(notify.checked_add(16)?),
        configuration: find(function, DEVICE).map(|(_, registers)| registers),
    };
    let (bar, offset) = function.interrupt_table()?;
    let offset = offset.checked_add(MESSAGE * VECTOR)?;
    let message = function.registers(bar, offset, MESSAGE)?;
    // The messages stay masked, each by itself.
    function.enable();
    message.write_pair(0, lapic::message_address());
    message.write(8, u32::from(vector));
    message.write(12, 0);
    Some(bus)
}

/// The first registers of this type, and where the capability is that names
/// them, which is the device's word.
fn find(function: Function, wanted: u8) -> Option<(u8, Mmio)> {
    let mut capabilities = function.capabilities(VENDOR);
    capabilities.find_map(|at| {
        let kind = (function.read(at) >> 24) as u8;
        let bar = function.read(at.checked_add(4)?) as u8;
        let offset = function.read(at.checked_add(8)?);
        let size = function.read(at.checked_add(12)?);
        (kind == wanted).then_some(())?;
        Some((at, function.registers(bar, offset, size)?))
    })
}
