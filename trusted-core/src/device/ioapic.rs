//! The I/O APIC: the pins on which virtio-mmio devices interrupt.
//!
//! Every pin in use is level-triggered, and its device is acknowledged before
//! the interrupt ends. A pin that fires for no reason, again and again, is
//! masked for good: a device that is broken costs that many interrupts.

#![expect(unsafe_code, reason = "names device registers")]

use domains::layout::PAGE_SIZE;

use super::lapic;
use super::mmio::Mmio;

// SAFETY: PC-compatible machines have their first I/O APIC there, and only this
// module uses it. Vectors are all it can deliver.
const REGISTERS: Mmio = unsafe { Mmio::new(0xfec0_0000, PAGE_SIZE as u32) };

const SELECT: u32 = 0x00;
const WINDOW: u32 = 0x10;
const REDIRECTION: u32 = 0x10;

const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;

/// How many pins there are.
const PINS: u8 = 24;
/// How often a pin may fire for no reason.
const IDLE_MAX: u8 = 100;

/// A pin in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pin {
    register: u32,
    /// How often it has fired for no reason since it last had one.
    idle: u8,
}

impl Pin {
    /// Delivers pin `number` by `vector` from now on, to the CPU that calls
    /// this. None if there is no such pin.
    pub(crate) fn connect(number: u8, vector: u8) -> Option<Pin> {
        let register = Pin::register(number)?;
        write(register + 1, u32::from(lapic::id()) << 24);
        write(register, LEVEL | u32::from(vector));
        Some(Pin { register, idle: 0 })
    }

    /// Takes note that it has fired, for a reason or not.
    pub(crate) fn fired(&mut self, has_reason: bool) {
        self.idle = match has_reason {
            true => 0,
            false => self.idle.saturating_add(1),
        };
        if self.idle == IDLE_MAX {
            write(self.register, MASKED);
        }
    }

    fn register(number: u8) -> Option<u32> {
        (number < PINS).then_some(REDIRECTION + 2 * u32::from(number))
    }
}

fn write(register: u32, value: u32) {
    REGISTERS.write(SELECT, register);
    REGISTERS.write(WINDOW, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::mmio::fake::{self, Kept};

    #[test]
    fn a_pin_that_fires_for_no_reason_is_masked_after_a_while() {
        let device = fake::place_at(0xfec0_0000, Kept::default());
        let register = Pin::register(5).expect("there is one");
        let mut pin = Pin { register, idle: 0 };
        let mut fire = |has_reason, times| {
            (0..times).for_each(|_| pin.fired(has_reason));
            (device.at(SELECT), device.at(WINDOW))
        };
        assert_eq!(fire(false, IDLE_MAX - 1), (0, 0));
        assert_eq!(fire(true, 1), (0, 0), "a reason begins anew");
        assert_eq!(fire(false, IDLE_MAX - 1), (0, 0));
        assert_eq!(fire(false, 1), (REDIRECTION + 2 * 5, MASKED));
    }

    #[test]
    fn there_are_so_many_pins() {
        assert_eq!(Pin::register(PINS - 1), Some(REDIRECTION + 46));
        assert_eq!(Pin::register(PINS), None);
    }
}
