//! The entries of the cell.

use gate::cell::nic::Serve;
use kernel_unsafe::UNKNOWN;

/// What the gate calls.
#[derive(Debug)]
pub struct Driver;

impl Serve for Driver {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        0
    }

    fn exchange(_posts: u32, _sends: u32, _arm: u32) -> i64 {
        UNKNOWN
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        // SAFETY: none is claimed; images with hooks are for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        UNKNOWN
    }
}
