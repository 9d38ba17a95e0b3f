//! The core's console: the first serial port, polled.

#![expect(unsafe_code, reason = "names I/O ports")]

use super::port::Port;

// SAFETY: the first serial port's data register, which only this module uses.
const DATA: Port<u8> = unsafe { Port::new(0x3f8) };
// SAFETY: the same port's line status.
const LINE_STATUS: Port<u8> = unsafe { Port::new(0x3fd) };

const READY: u8 = 1 << 5;
/// How often to look whether the port is ready before giving up on it.
const PATIENCE: u32 = 10_000;

/// Sends one byte.
pub(crate) fn send(byte: u8) {
    let is_ready = (0..PATIENCE).any(|_| {
        core::hint::spin_loop();
        LINE_STATUS.read() & READY != 0
    });
    if is_ready {
        DATA.write(byte);
    }
}
