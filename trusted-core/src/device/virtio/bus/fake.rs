//! A device for tests, which may be a bad one.

extern crate std;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

use domains::device::feature::VERSION_1;

use super::{Bus, Layout, VECTOR};
use crate::device::mmio::{Register, fake};
use crate::device::virtio::queue::Rings;

/// Where its configuration is, and how long.
pub(in crate::device::virtio) const CONFIGURATION: u32 = 0x40;
pub(in crate::device::virtio) const CONFIGURATION_SIZE: u32 = 12;
const FEATURES_OK: u8 = 1 << 3;
/// The message of a queue that has none.
const NO_VECTOR: u32 = 0xffff;
/// From one bell to the next, and where they begin.
pub(in crate::device::virtio) const STRIDE: u32 = 4;
const BELLS: u32 = 0x800;
pub(in crate::device::virtio) const BELLS_SIZE: u32 = 0x40;
/// Where in the page of the used ring the device's available ring is.
const AVAILABLE: u64 = 2560;

static LAYOUT: Layout = Layout {
    offered_select: Register(0x00, 4),
    offered: Register(0x04, 4),
    accepted_select: Register(0x08, 4),
    accepted: Register(0x0c, 4),
    status: Register(0x10, 1),
    generation: Register(0x11, 1),
    queue_select: Register(0x12, 2),
    queue_max: Register(0x14, 2),
    queue_size: Register(0x16, 2),
    queue_ready: Register(0x18, 2),
    queue_vector: Some(Register(0x1a, 2)),
    queue_bell: Some(Register(0x1c, 2)),
    bell_size: 2,
    table: 0x20,
    available: 0x28,
    used: 0x30,
    reasons: None,
};

/// What is written to a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::device::virtio) enum Write {
    Status(u8),
    Features(u64),
    /// Its number, its size, and the rings that the device sees.
    Queue(u16, u16, Rings),
    /// A bell, by its place, and the number that is written there.
    Bell(u32, u32),
}

/// What a device does, and what was done to it.
#[derive(Debug)]
pub(in crate::device::virtio) struct Registers {
    pub(in crate::device::virtio) offered: u64,
    pub(in crate::device::virtio) queue_max: u16,
    pub(in crate::device::virtio) takes_queues: bool,
    pub(in crate::device::virtio) takes_features: bool,
    pub(in crate::device::virtio) takes_messages: bool,
    /// Where a queue's bell is said to be; at its number if nothing is said.
    pub(in crate::device::virtio) bell: Option<u32>,
    /// How often its status is read before a reset is done.
    pub(in crate::device::virtio) reset_looks: u32,
    /// How often the generation changes when it is read.
    pub(in crate::device::virtio) changes: u32,
    pub(in crate::device::virtio) written: Vec<Write>,
    accepted: u64,
    status: u8,
    looks_left: u32,
    generation: u32,
    /// What was written last to each register that is no more than kept.
    kept: BTreeMap<u32, u32>,
}

#[derive(Debug)]
pub(in crate::device::virtio) struct Fake(Mutex<Registers>);

impl Fake {
    /// A device that does all that it should, and how it is reached.
    pub(in crate::device::virtio) fn new() -> (&'static Fake, Bus) {
        let (fake, registers) = fake::place(Fake(Mutex::new(Registers {
            offered: VERSION_1,
            queue_max: 256,
            takes_queues: true,
            takes_features: true,
            takes_messages: true,
            bell: None,
            reset_looks: 0,
            changes: 0,
            written: Vec::new(),
            accepted: 0,
            status: 0,
            looks_left: 0,
            generation: 0,
            kept: BTreeMap::new(),
        })));
        let bus = Bus {
            layout: &LAYOUT,
            registers,
            bells: registers.part(BELLS, BELLS_SIZE).expect("there is room"),
            stride: STRIDE,
            configuration: registers.part(CONFIGURATION, CONFIGURATION_SIZE),
        };
        (fake, bus)
    }

    pub(in crate::device::virtio) fn registers(&self) -> MutexGuard<'_, Registers> {
        self.0.lock().expect("no test fails with the lock held")
    }

    /// Takes what was written since the last time.
    pub(in crate::device::virtio) fn written(&self) -> Vec<Write> {
        core::mem::take(&mut self.registers().written)
    }
}

impl fake::Played for Fake {
    fn get(&self, register: Register) -> u32 {
        let mut registers = self.registers();
        match register {
            _ if register == LAYOUT.status => u32::from(registers.status()),
            _ if register == LAYOUT.generation => registers.generation(),
            _ if register == LAYOUT.offered => {
                (registers.offered >> (32 * registers.kept(LAYOUT.offered_select))) as u32
            }
            _ if register == LAYOUT.queue_max => u32::from(registers.queue_max),
            _ if register == LAYOUT.queue_ready => u32::from(registers.takes_queues),
            _ if Some(register) == LAYOUT.queue_bell => {
                let own = registers.kept(LAYOUT.queue_select);
                registers.bell.unwrap_or(own)
            }
            _ if Some(register) == LAYOUT.queue_vector => match registers.takes_messages {
                true => VECTOR,
                false => NO_VECTOR,
            },
            // Each byte of the configuration tells where it is.
            Register(offset, size) if offset >= CONFIGURATION => {
                (0..size).map(|byte| (offset + byte) << (8 * byte)).sum()
            }
            register => registers.kept(register),
        }
    }

    fn set(&self, register: Register, value: u32) {
        let mut registers = self.registers();
        registers.kept.insert(register.0, value);
        match register {
            _ if register == LAYOUT.status => registers.set_status(value as u8),
            _ if register == LAYOUT.accepted => registers.accept(value),
            _ if register == LAYOUT.queue_ready => registers.take_queue(),
            Register(place @ BELLS.., _) => {
                registers.written.push(Write::Bell(place - BELLS, value))
            }
            _ => {}
        }
    }
}

impl Registers {
    fn kept(&self, register: Register) -> u32 {
        self.kept.get(&register.0).copied().unwrap_or(0)
    }

    fn pair(&self, offset: u32) -> u64 {
        let [low, high] = [offset, offset + 4].map(|half| self.kept(Register(half, 4)));
        u64::from(low) | u64::from(high) << 32
    }

    fn status(&mut self) -> u8 {
        if self.looks_left > 0 {
            self.looks_left -= 1;
            return 1;
        }
        self.status
    }

    fn set_status(&mut self, status: u8) {
        self.written.push(Write::Status(status));
        self.status = match self.takes_features {
            true => status,
            false => status & !FEATURES_OK,
        };
        self.looks_left = match status {
            0 => self.reset_looks,
            _ => 0,
        };
    }

    /// The upper half of the features comes last.
    fn accept(&mut self, half: u32) {
        match self.kept(LAYOUT.accepted_select) {
            0 => self.accepted = u64::from(half),
            _ => {
                let features = self.accepted | u64::from(half) << 32;
                self.written.push(Write::Features(features));
            }
        }
    }

    fn take_queue(&mut self) {
        let half = |register| self.kept(register) as u16;
        let rings = Rings {
            driver: 0,
            table: self.pair(LAYOUT.table),
            shared: self.pair(LAYOUT.used),
        };
        assert_eq!(self.pair(LAYOUT.available), rings.shared + AVAILABLE);
        let queue = Write::Queue(half(LAYOUT.queue_select), half(LAYOUT.queue_size), rings);
        self.written.push(queue);
    }

    fn generation(&mut self) -> u32 {
        if self.changes > 0 {
            self.changes -= 1;
            self.generation += 1;
        }
        self.generation
    }
}
