//! Virtio over PCI: registers in BARs, named by capabilities (virtio 1.2, 4.1).
//!
//! A device interrupts by messages, one vector for all of its queues. The core
//! writes the one entry of its table, and lets it have no other.

use domains::device::QUEUE_SIZE_MAX;

use super::bus::Doorbell;
use super::queue::Rings;
use crate::device::mmio::Mmio;
use crate::device::pci::{Capability, Function};
use crate::device::{bars, lapic};

/// The types of the capabilities that name registers.
const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const DEVICE: u8 = 4;

/// Registers of the common configuration.
const OFFERED_SELECT: u32 = 0x00;
const OFFERED: u32 = 0x04;
const ACCEPTED_SELECT: u32 = 0x08;
const ACCEPTED: u32 = 0x0c;
const CONFIGURATION_VECTOR: u32 = 0x10;
const QUEUES: u32 = 0x12;
const STATUS: u32 = 0x14;
const GENERATION: u32 = 0x15;
const QUEUE_SELECT: u32 = 0x16;
const QUEUE_SIZE: u32 = 0x18;
const QUEUE_VECTOR: u32 = 0x1a;
const QUEUE_ENABLE: u32 = 0x1c;
const QUEUE_NOTIFY: u32 = 0x1e;
const TABLE: [u32; 2] = [0x20, 0x24];
const AVAILABLE: [u32; 2] = [0x28, 0x2c];
const USED: [u32; 2] = [0x30, 0x34];
const COMMON_SIZE: u32 = 0x38;

const NO_VECTOR: u16 = 0xffff;
/// The only entry of the table of messages that is used.
const VECTOR: u16 = 0;

/// A device's registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bus {
    common: Mmio,
    bells: Mmio,
    /// From one bell to the next.
    stride: u32,
    configuration: Option<Mmio>,
}

impl Bus {
    /// The registers of `function`, which interrupts the CPU that calls this by
    /// `vector`; none if it is not a modern device with messages.
    pub(super) fn open(function: Function, vector: u8) -> Option<Bus> {
        let common = find(function, COMMON)?;
        let bells = find(function, NOTIFY)?;
        let bus = Bus {
            common: common.registers.part(0, COMMON_SIZE)?,
            bells: bells.registers,
            stride: function.read(bells.at.checked_add(16)?),
            configuration: find(function, DEVICE).map(|found| found.registers),
        };
        let (bar, offset) = function.interrupt_table()?;
        let table = bars::registers(function, bar)?.part(offset, 16)?;
        table.write_pair([0, 4], lapic::message_address());
        table.write(8, u32::from(vector));
        table.write(12, 0);
        function.enable();
        Some(bus)
    }

    pub(super) fn status(self) -> u8 {
        self.common.read8(STATUS)
    }

    pub(super) fn set_status(self, status: u8) {
        self.common.write8(STATUS, status);
    }

    pub(super) fn offered(self) -> u64 {
        let half = |select| {
            self.common.write(OFFERED_SELECT, select);
            u64::from(self.common.read(OFFERED))
        };
        half(0) | half(1) << 32
    }

    pub(super) fn accept(self, features: u64) {
        for (select, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.common.write(ACCEPTED_SELECT, select);
            self.common.write(ACCEPTED, half);
        }
    }

    pub(super) fn queue_max(self, queue: u16) -> u16 {
        if queue >= self.common.read16(QUEUES) {
            return 0;
        }
        self.common.write16(QUEUE_SELECT, queue);
        self.common.read16(QUEUE_SIZE).min(QUEUE_SIZE_MAX)
    }

    pub(super) fn set_queue(self, queue: u16, size: u16, rings: &Rings) -> Option<u16> {
        let common = self.common;
        common.write16(CONFIGURATION_VECTOR, NO_VECTOR);
        common.write16(QUEUE_SELECT, queue);
        common.write16(QUEUE_SIZE, size);
        common.write_pair(TABLE, rings.table);
        common.write_pair(AVAILABLE, rings.available());
        common.write_pair(USED, rings.shared);
        common.write16(QUEUE_VECTOR, VECTOR);
        if common.read16(QUEUE_VECTOR) != VECTOR {
            return None;
        }
        common.write16(QUEUE_ENABLE, 1);
        let place = common.read16(QUEUE_NOTIFY);
        self.doorbell(queue, place).map(|_| place)
    }

    /// The bell of a queue that names the `place` of its bell.
    pub(super) fn doorbell(self, queue: u16, place: u16) -> Option<Doorbell> {
        let register = self
            .bells
            .part(self.stride.checked_mul(u32::from(place))?, 2)?;
        Some(Doorbell::Half(register, queue))
    }

    pub(super) fn generation(self) -> u32 {
        u32::from(self.common.read8(GENERATION))
    }

    pub(super) fn configuration(self) -> Option<Mmio> {
        self.configuration
    }

    /// A message is all there is to it.
    pub(super) fn acknowledge(self) -> bool {
        true
    }
}

/// Registers, and the capability that names them.
struct Named {
    at: u8,
    registers: Mmio,
}

/// The first registers of this type. The capability is the device's word.
fn find(function: Function, wanted: u8) -> Option<Named> {
    let mut capabilities = function.capabilities(Capability::Vendor);
    capabilities.find_map(|at| {
        let kind = (function.read(at) >> 24) as u8;
        let bar = function.read(at.checked_add(4)?) as u8;
        let offset = function.read(at.checked_add(8)?);
        let size = function.read(at.checked_add(12)?);
        (kind == wanted).then_some(())?;
        let registers = bars::registers(function, bar)?.part(offset, size)?;
        Some(Named { at, registers })
    })
}
