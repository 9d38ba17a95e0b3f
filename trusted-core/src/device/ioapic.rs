//! The I/O APIC: device interrupts.
//!
//! Every pin in use is level-triggered. When it fires, the core masks it and
//! notes the event; a driver asks for the unmask when it has served its device.
//! So a device that nobody serves costs one interrupt.

#![expect(unsafe_code, reason = "names device registers")]

use super::lapic;
use super::mmio::Mmio;
use crate::cpu::vectors::FIRST_PIN;

// SAFETY: PC-compatible machines have their first I/O APIC there, and only this
// module uses it. Vectors are all it can deliver.
const REGISTERS: Mmio = unsafe { Mmio::new(0xfec0_0000) };

const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const REDIRECTION: u32 = 0x10;

const LEVEL: u32 = 1 << 15;
const ACTIVE_LOW: u32 = 1 << 13;
const MASKED: u32 = 1 << 16;

/// Pins that the core serves.
pub(crate) const PINS: u8 = 24;

/// How a device signals on its pin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Polarity {
    /// Virtio over MMIO.
    High,
    /// PCI.
    Low,
}

/// The pins in use, and which of them have fired.
#[derive(Default)]
pub(crate) struct IoApic {
    /// Redirections in use, unmasked.
    pins: [Option<u32>; PINS as usize],
    fired: u32,
}

impl IoApic {
    /// Delivers `pin` from now on, to the CPU that calls this.
    pub(crate) fn connect(&mut self, pin: u8, polarity: Polarity) {
        let polarity = match polarity {
            Polarity::High => 0,
            Polarity::Low => ACTIVE_LOW,
        };
        if let Some(slot) = self.pins.get_mut(usize::from(pin)) {
            let redirection = LEVEL | polarity | u32::from(FIRST_PIN + pin);
            *slot = Some(redirection);
            let target = u32::from(lapic::id()) << 24;
            write(REDIRECTION + 2 * u32::from(pin) + 1, target);
            write(REDIRECTION + 2 * u32::from(pin), redirection);
        }
    }

    /// Masks `pin`, which has fired.
    pub(crate) fn mask(&mut self, pin: u8) {
        if let Some(Some(redirection)) = self.pins.get(usize::from(pin)) {
            write(REDIRECTION + 2 * u32::from(pin), redirection | MASKED);
            self.fired |= 1 << pin;
        }
    }

    /// Unmasks all pins that have fired.
    pub(crate) fn unmask(&mut self) {
        for (pin, redirection) in (0..).zip(self.pins) {
            if let (Some(redirection), 1) = (redirection, self.fired >> pin & 1) {
                write(REDIRECTION + 2 * pin, redirection);
            }
        }
        self.fired = 0;
    }
}

fn write(register: u32, value: u32) {
    REGISTERS.write(SELECT, register);
    REGISTERS.write(WINDOW, value);
}
