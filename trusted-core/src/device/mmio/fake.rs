//! Registers of devices that tests play.

extern crate std;

use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Mmio, Register};

/// A device that a test plays.
pub(crate) trait Played: Sync {
    /// What is read from a register.
    fn get(&self, register: Register) -> u32;

    /// Takes what is written to a register.
    fn set(&self, register: Register, value: u32);
}

/// A device that does nothing but keep what is written to it.
#[derive(Default)]
pub(crate) struct Kept(Mutex<BTreeMap<u32, u32>>);

impl Kept {
    /// What its register at `offset` holds.
    pub(crate) fn at(&self, offset: u32) -> u32 {
        self.get(Register(offset, 4))
    }
}

impl Played for Kept {
    fn get(&self, Register(offset, _): Register) -> u32 {
        let kept = self.0.lock().expect("no test fails with the lock held");
        kept.get(&offset).copied().unwrap_or(0)
    }

    fn set(&self, Register(offset, _): Register, value: u32) {
        let mut kept = self.0.lock().expect("no test fails with the lock held");
        kept.insert(offset, value);
    }
}

/// From one device to the next.
const BLOCK: u32 = 0x1000;

static DEVICES: Mutex<BTreeMap<u32, &'static dyn Played>> = Mutex::new(BTreeMap::new());

/// The device, and where its registers are.
pub(crate) fn place<D: Played>(device: D) -> (&'static D, Mmio) {
    let mut devices = DEVICES.lock().expect("no test fails with the lock held");
    let physical = (devices.len() as u32 + 1) * BLOCK;
    let device = leak(device);
    devices.insert(physical, device);
    let registers = Mmio {
        physical,
        size: BLOCK,
    };
    (device, registers)
}

/// The device, whose registers everybody knows to be at `physical`.
pub(crate) fn place_at<D: Played>(physical: u32, device: D) -> &'static D {
    let mut devices = DEVICES.lock().expect("no test fails with the lock held");
    let device = leak(device);
    let before = devices.insert(physical, device);
    assert!(before.is_none(), "one test plays it");
    device
}

fn leak<D>(device: D) -> &'static D {
    Box::leak(Box::new(device))
}

fn find(place: u32) -> &'static dyn Played {
    let devices = DEVICES.lock().expect("no test fails with the lock held");
    devices[&(place - place % BLOCK)]
}

pub(super) fn load(place: u32, size: u32) -> u32 {
    find(place).get(Register(place % BLOCK, size))
}

pub(super) fn store(place: u32, size: u32, value: u32) {
    find(place).set(Register(place % BLOCK, size), value);
}
