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

/// From one device to the next.
const BLOCK: u32 = 0x1000;

static DEVICES: Mutex<BTreeMap<u32, &'static dyn Played>> = Mutex::new(BTreeMap::new());

/// The device, and where its registers are.
pub(crate) fn place<D: Played>(device: D) -> (&'static D, Mmio) {
    let device: &'static D = Box::leak(Box::new(device));
    let mut devices = DEVICES.lock().expect("no test fails with the lock held");
    let physical = (devices.len() as u32 + 1) * BLOCK;
    devices.insert(physical, device);
    let registers = Mmio {
        physical,
        size: BLOCK,
    };
    (device, registers)
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
