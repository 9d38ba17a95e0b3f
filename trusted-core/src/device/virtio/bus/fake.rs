//! A device for tests, which may be a bad one.

#![expect(unsafe_code, reason = "names registers, which are memory of the host")]

extern crate std;

use std::boxed::Box;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

use domains::device::feature::VERSION_1;

use super::Doorbell;
use crate::device::mmio::Mmio;
use crate::device::virtio::queue::Rings;

/// Where its configuration is, and how long.
pub(in crate::device::virtio) const CONFIGURATION: u32 = 0x40;
pub(in crate::device::virtio) const CONFIGURATION_SIZE: u32 = 12;
const FEATURES_OK: u8 = 1 << 3;

// SAFETY: in tests, registers are a page of memory that is there for good.
const REGISTERS: Mmio = unsafe { Mmio::new(CONFIGURATION, CONFIGURATION_SIZE) };

/// What is written to a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::device::virtio) enum Write {
    Status(u8),
    Features(u64),
    Queue(u16, u16, Rings),
}

/// What a device does, and what was done to it.
#[derive(Debug)]
pub(in crate::device::virtio) struct Registers {
    pub(in crate::device::virtio) offered: u64,
    pub(in crate::device::virtio) queue_max: u16,
    pub(in crate::device::virtio) takes_queues: bool,
    pub(in crate::device::virtio) takes_features: bool,
    /// How often its status is read before a reset is done.
    pub(in crate::device::virtio) reset_looks: u32,
    /// How often the generation changes when it is read.
    pub(in crate::device::virtio) changes: u32,
    pub(in crate::device::virtio) written: Vec<Write>,
    status: u8,
    looks_left: u32,
    generation: u32,
}

#[derive(Debug)]
pub(in crate::device::virtio) struct Fake(Mutex<Registers>);

impl Fake {
    /// A device that does all that it should.
    pub(in crate::device::virtio) fn new() -> &'static Fake {
        Box::leak(Box::new(Fake(Mutex::new(Registers {
            offered: VERSION_1,
            queue_max: 256,
            takes_queues: true,
            takes_features: true,
            reset_looks: 0,
            changes: 0,
            written: Vec::new(),
            status: 0,
            looks_left: 0,
            generation: 0,
        }))))
    }

    pub(in crate::device::virtio) fn registers(&self) -> MutexGuard<'_, Registers> {
        self.0.lock().expect("no test fails with the lock held")
    }

    /// Takes what was written since the last time.
    pub(in crate::device::virtio) fn written(&self) -> Vec<Write> {
        core::mem::take(&mut self.registers().written)
    }

    fn write(&self, write: Write) {
        self.registers().written.push(write);
    }

    pub(super) fn status(&self) -> u8 {
        let mut registers = self.registers();
        if registers.looks_left > 0 {
            registers.looks_left -= 1;
            return 1;
        }
        registers.status
    }

    pub(super) fn set_status(&self, status: u8) {
        self.write(Write::Status(status));
        let mut registers = self.registers();
        registers.status = match registers.takes_features {
            true => status,
            false => status & !FEATURES_OK,
        };
        registers.looks_left = match status {
            0 => registers.reset_looks,
            _ => 0,
        };
    }

    pub(super) fn offered(&self) -> u64 {
        self.registers().offered
    }

    pub(super) fn accept(&self, features: u64) {
        self.write(Write::Features(features));
    }

    pub(super) fn queue_max(&self, _: u16) -> u16 {
        self.registers().queue_max
    }

    pub(super) fn set_queue(&self, queue: u16, size: u16, rings: &Rings) -> Option<u16> {
        self.write(Write::Queue(queue, size, *rings));
        self.registers().takes_queues.then_some(queue + 3)
    }

    pub(super) fn doorbell(&self, queue: u16, place: u16) -> Option<Doorbell> {
        assert_eq!(place, queue + 3, "what it said when the queue was set up");
        Some(Doorbell::Half(REGISTERS, queue))
    }

    pub(super) fn generation(&self) -> u32 {
        let mut registers = self.registers();
        if registers.changes > 0 {
            registers.changes -= 1;
            registers.generation += 1;
        }
        registers.generation
    }

    pub(super) fn configuration(&self) -> Option<Mmio> {
        Some(REGISTERS)
    }

    pub(super) fn acknowledge(&self) -> bool {
        true
    }
}
