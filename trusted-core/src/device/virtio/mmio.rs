//! The virtio-mmio bus: one block of registers a device (virtio 1.2, 4.2).

use super::bus::{Bus, Layout};
use crate::device::mmio::{Mmio, Register};

/// Bytes of a block, with the device's configuration.
pub(super) const BLOCK: u32 = 0x200;

const MAGIC: u32 = 0x000;
const VERSION: u32 = 0x004;
const DEVICE: u32 = 0x008;
const CONFIGURATION: u32 = 0x100;

const VIRT: u32 = u32::from_le_bytes(*b"virt");
const MODERN: u32 = 2;

static LAYOUT: Layout = Layout {
    offered: Register(0x010, 4),
    offered_select: Register(0x014, 4),
    accepted: Register(0x020, 4),
    accepted_select: Register(0x024, 4),
    queue_select: Register(0x030, 4),
    queue_max: Register(0x034, 4),
    queue_size: Register(0x038, 4),
    queue_ready: Register(0x044, 4),
    queue_bell: None,
    queue_vector: None,
    bell_size: 4,
    reasons: Some([0x060, 0x064]),
    status: Register(0x070, 4),
    table: 0x080,
    available: 0x090,
    used: 0x0a0,
    generation: Register(0x0fc, 4),
};
const BELL: u32 = 0x050;

/// The kind of virtio device that has these registers: `Err` for one from before
/// the standard, none if there is no device.
pub(super) fn kind(registers: Mmio) -> Option<Result<u32, u32>> {
    let kind = registers.read(DEVICE);
    let is_device = registers.read(MAGIC) == VIRT && kind != 0;
    is_device.then(|| match registers.read(VERSION) {
        MODERN => Ok(kind),
        _ => Err(kind),
    })
}

/// A device by its block of registers.
pub(super) fn bus(registers: Mmio) -> Option<Bus> {
    Some(Bus {
        layout: &LAYOUT,
        registers,
        bells: registers.part(BELL, 4)?,
        stride: 0,
        configuration: registers.part(CONFIGURATION, BLOCK - CONFIGURATION),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::mmio::fake::{self, Kept};

    #[test]
    fn only_a_modern_device_that_says_so_is_one() {
        let (_, registers) = fake::place(Kept::default());
        for (magic, version, number, found) in [
            (VIRT, MODERN, 3, Some(Ok(3))),
            (VIRT, 1, 3, Some(Err(3))),
            (VIRT, 3, 3, Some(Err(3))),
            (VIRT, MODERN, 0, None),
            (VIRT + 1, MODERN, 3, None),
            (u32::MAX, u32::MAX, u32::MAX, None),
        ] {
            registers.write(MAGIC, magic);
            registers.write(VERSION, version);
            registers.write(DEVICE, number);
            assert_eq!(kind(registers), found, "{magic:#x} {version} {number}");
        }
    }

    #[test]
    fn an_interrupt_is_acknowledged_with_its_reasons() {
        let (device, registers) = fake::place(Kept::default());
        let bus = bus(registers).expect("there is room");
        let [why, acknowledge] = LAYOUT.reasons.expect("it has some");
        for reasons in [1, 2, 3, 0] {
            registers.write(why, reasons);
            assert_eq!(bus.acknowledge(), reasons != 0);
            assert_eq!(device.at(acknowledge), reasons);
        }
    }
}
