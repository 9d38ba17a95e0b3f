//! The battery-backed clock's registers. What they say is not the core's
//! business.

#![expect(unsafe_code, reason = "names I/O ports")]

use super::port::Port;

// SAFETY: selects a register of the clock.
const SELECT: Port<u8> = unsafe { Port::new(0x70) };
// SAFETY: a register of the clock; the core only reads.
const DATA: Port<u8> = unsafe { Port::new(0x71) };

/// Second, minute, hour, day, month, year, and status B with the format.
const REGISTERS: [u8; 7] = [0x00, 0x02, 0x04, 0x07, 0x08, 0x09, 0x0b];

/// The registers of the date, the first in the lowest byte, and behind them the
/// one that says how to read them.
pub(crate) fn registers() -> u64 {
    REGISTERS.iter().rev().fold(0, |all, number| {
        SELECT.write(*number);
        all << 8 | u64::from(DATA.read())
    })
}
