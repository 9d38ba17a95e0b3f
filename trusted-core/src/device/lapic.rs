//! The local APIC: the CPU's timer, interrupts to others, and their end.
//!
//! Its timer counts nanoseconds: QEMU and KVM run it at 1 GHz, and so does
//! every hypervisor that copies them. No domain can reach its registers.

#![expect(unsafe_code, reason = "names device registers")]

use domains::layout::PAGE_SIZE;

use super::mmio::Mmio;
use crate::cpu::vectors;

// SAFETY: the architecture puts the registers there, and only this module uses
// them; the timer and the vectors cannot write to memory.
const REGISTERS: Mmio = unsafe { Mmio::new(0xfee0_0000, PAGE_SIZE as u32) };

const ID: u32 = 0x020;
const TASK_PRIORITY: u32 = 0x080;
const END_OF_INTERRUPT: u32 = 0x0b0;
const SPURIOUS: u32 = 0x0f0;
const COMMAND: u32 = 0x300;
const COMMAND_TARGET: u32 = 0x310;
const TIMER: u32 = 0x320;
const THERMAL: u32 = 0x330;
const COUNTERS: u32 = 0x340;
const LINT0: u32 = 0x350;
const LINT1: u32 = 0x360;
const ERROR: u32 = 0x370;
const INITIAL_COUNT: u32 = 0x380;
const CURRENT_COUNT: u32 = 0x390;
const DIVIDE: u32 = 0x3e0;

const ENABLE: u32 = 1 << 8;
const MASKED: u32 = 1 << 16;
const DIVIDE_BY_ONE: u32 = 0b1011;
/// Commands, all of them asserted: an interrupt of the vector in the low byte; to
/// wait for a start; and that, at the frame in the low byte.
const INTERRUPT: u32 = 1 << 14;
pub(crate) const INIT: u32 = 1 << 14 | 0b101 << 8;
pub(crate) const START: u32 = 1 << 14 | 0b110 << 8;
/// To all CPUs but the one that sends.
const OTHERS: u32 = 0b11 << 18;
/// A command that has not been sent yet.
const IS_SENDING: u32 = 1 << 12;
/// How often to look whether it has.
const PATIENCE: u32 = 1000;

/// What the timer does when it reaches zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Stops.
    OneShot = 0,
    /// Starts over, so that it can still be read.
    Periodic = 1 << 17,
}

/// Enables the APIC with its timer stopped. Interrupts of the old controller
/// and of other sources stay masked.
pub(crate) fn enable() {
    REGISTERS.write(TASK_PRIORITY, 0);
    for source in [LINT0, LINT1, THERMAL, COUNTERS] {
        REGISTERS.write(source, MASKED);
    }
    REGISTERS.write(ERROR, u32::from(vectors::ERROR));
    REGISTERS.write(DIVIDE, DIVIDE_BY_ONE);
    REGISTERS.write(TIMER, MASKED);
    REGISTERS.write(SPURIOUS, ENABLE | u32::from(vectors::SPURIOUS));
}

/// Starts the timer, which reaches zero in `count` nanoseconds. At zero it stays.
pub(crate) fn start(count: u32) {
    REGISTERS.write(INITIAL_COUNT, count);
}

/// Starts the timer to fire in `count` nanoseconds; never for zero.
pub(crate) fn arm(count: u32, mode: Mode) {
    if mode == Mode::Periodic {
        // Not with the old count: were it a few nanoseconds, QEMU would fall
        // ever further behind the periods it has to run.
        start(0);
    }
    REGISTERS.write(TIMER, u32::from(vectors::TIMER) | mode as u32);
    start(count);
}

/// What the timer still has to count.
pub(crate) fn left() -> u32 {
    REGISTERS.read(CURRENT_COUNT)
}

/// The id of this CPU's APIC.
pub(crate) fn id() -> u8 {
    (REGISTERS.read(ID) >> 24) as u8
}

/// The address to which a device sends a message that interrupts this CPU
/// (Intel SDM volume 3, 11.11.1).
pub(crate) fn message_address() -> u64 {
    0xfee0_0000 | u64::from(id()) << 12
}

/// Interrupts the CPU with APIC id `id`.
pub(crate) fn interrupt(id: u8, vector: u8) {
    send(id, INTERRUPT | u32::from(vector));
}

/// Interrupts all CPUs but this one.
pub(crate) fn interrupt_others(vector: u8) {
    send(0, OTHERS | INTERRUPT | u32::from(vector));
}

/// Sends a command to the CPU with APIC id `id`. Interrupts are off, so that none comes between the halves.
pub(crate) fn send(id: u8, command: u32) {
    REGISTERS.write(COMMAND_TARGET, u32::from(id) << 24);
    REGISTERS.write(COMMAND, command);
    let mut looks = 0..PATIENCE;
    while REGISTERS.read(COMMAND) & IS_SENDING != 0 && looks.next().is_some() {
        core::hint::spin_loop();
    }
}

/// Ends the interrupt that is being handled.
pub(crate) fn end_interrupt() {
    REGISTERS.write(END_OF_INTERRUPT, 0);
}
