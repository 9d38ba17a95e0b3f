//! The entries of the cell.

use domains::errno;
use gate::cell::net::Serve;

/// What the gate calls.
#[derive(Debug)]
pub(crate) struct Cell;

impl Serve for Cell {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        0
    }

    fn configure() -> i64 {
        -errno::ENETDOWN
    }

    fn grant(_: usize) -> i64 {
        -errno::ENETDOWN
    }

    fn open(_: u32, _: u32, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn bind(_: u32, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn connect(_: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn listen(_: u32, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn accept(_: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn shutdown(_: u32, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn close(_: u32, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn option(_: u32, _: u32, _: u64) -> i64 {
        -errno::ENETDOWN
    }

    fn error(_: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn datagram(_: u32, _: usize, _: u32) -> i64 {
        -errno::ENETDOWN
    }

    fn pump(_: u64, _: u32, _: u32, _: u64) -> i64 {
        -errno::ENETDOWN
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        // SAFETY: none is claimed; images with hooks are for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        -errno::ENOSYS
    }
}
