//! The virtio-mmio bus: one block of registers a device (virtio 1.2, 4.2).

use domains::device::QUEUE_SIZE_MAX;

use super::bus::Doorbell;
use super::queue::Rings;
use crate::device::mmio::Mmio;

/// Bytes of a block, with the device's configuration.
pub(super) const BLOCK: u32 = 0x200;

const MAGIC: u32 = 0x000;
const VERSION: u32 = 0x004;
const DEVICE: u32 = 0x008;
const OFFERED: u32 = 0x010;
const OFFERED_SELECT: u32 = 0x014;
const ACCEPTED: u32 = 0x020;
const ACCEPTED_SELECT: u32 = 0x024;
const QUEUE_SELECT: u32 = 0x030;
const QUEUE_MAX: u32 = 0x034;
const QUEUE_SIZE: u32 = 0x038;
const QUEUE_READY: u32 = 0x044;
const QUEUE_NOTIFY: u32 = 0x050;
const INTERRUPT_STATUS: u32 = 0x060;
const INTERRUPT_ACKNOWLEDGE: u32 = 0x064;
const STATUS: u32 = 0x070;
const TABLE: [u32; 2] = [0x080, 0x084];
const AVAILABLE: [u32; 2] = [0x090, 0x094];
const USED: [u32; 2] = [0x0a0, 0x0a4];
const GENERATION: u32 = 0x0fc;
const CONFIGURATION: u32 = 0x100;

const VIRT: u32 = u32::from_le_bytes(*b"virt");
const MODERN: u32 = 2;

/// What a block of registers is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// No device.
    Nothing,
    /// A device of this kind from before the standard.
    Legacy(u32),
    /// A device of this kind.
    Modern(u32),
}

/// A device's registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bus(pub(super) Mmio);

impl Bus {
    /// What is there.
    pub(super) fn look(self) -> Found {
        let kind = self.0.read(DEVICE);
        match (self.0.read(MAGIC), self.0.read(VERSION), kind) {
            (VIRT, _, 0) => Found::Nothing,
            (VIRT, MODERN, kind) => Found::Modern(kind),
            (VIRT, _, kind) => Found::Legacy(kind),
            _ => Found::Nothing,
        }
    }

    pub(super) fn status(self) -> u8 {
        self.0.read(STATUS) as u8
    }

    pub(super) fn set_status(self, status: u8) {
        self.0.write(STATUS, u32::from(status));
    }

    pub(super) fn offered(self) -> u64 {
        let half = |select| {
            self.0.write(OFFERED_SELECT, select);
            u64::from(self.0.read(OFFERED))
        };
        half(0) | half(1) << 32
    }

    pub(super) fn accept(self, features: u64) {
        for (select, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.0.write(ACCEPTED_SELECT, select);
            self.0.write(ACCEPTED, half);
        }
    }

    pub(super) fn queue_max(self, queue: u16) -> u16 {
        self.0.write(QUEUE_SELECT, u32::from(queue));
        self.0.read(QUEUE_MAX).min(u32::from(QUEUE_SIZE_MAX)) as u16
    }

    pub(super) fn set_queue(self, queue: u16, size: u16, rings: &Rings) -> Option<u16> {
        self.0.write(QUEUE_SELECT, u32::from(queue));
        self.0.write(QUEUE_SIZE, u32::from(size));
        self.0.write_pair(TABLE, rings.table);
        self.0.write_pair(AVAILABLE, rings.available());
        self.0.write_pair(USED, rings.shared);
        self.0.write(QUEUE_READY, 1);
        (self.0.read(QUEUE_READY) == 1).then_some(0)
    }

    pub(super) fn doorbell(self, queue: u16, _: u16) -> Option<Doorbell> {
        let register = self.0.part(QUEUE_NOTIFY, 4)?;
        Some(Doorbell::Word(register, u32::from(queue)))
    }

    pub(super) fn generation(self) -> u32 {
        self.0.read(GENERATION)
    }

    pub(super) fn configuration(self) -> Option<Mmio> {
        self.0.part(CONFIGURATION, BLOCK - CONFIGURATION)
    }

    pub(super) fn acknowledge(self) -> bool {
        let reasons = self.0.read(INTERRUPT_STATUS);
        self.0.write(INTERRUPT_ACKNOWLEDGE, reasons);
        reasons != 0
    }
}
