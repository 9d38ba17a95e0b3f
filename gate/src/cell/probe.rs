//! The entries of the cell `probe`, which only images for tests have.

use domains::Cell;

use crate::interface::interface;

interface! {
    calls into Cell::Probe;

    /// Does nothing: what a call costs.
    0 => null();
    /// Starts the devices, of which there are none.
    1 => start();
    /// What [`digest_of`] says of the `size` bytes at `address`; negative if they
    /// do not lie in the window.
    2 => digest(address: usize, size: usize);
    /// Touches memory as the hooks module says.
    3 => hook(kind: u32, address: usize, argument: usize);
}

/// A number that hardly any other bytes have, and that is not negative: FNV-1a of
/// 64 bits, of which the highest is left out.
pub fn digest_of(bytes: impl Iterator<Item = u8>) -> i64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x100_0000_01b3;
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    (bytes.fold(BASIS, add) >> 1) as i64
}
