//! Exit statuses of `cargo cloister run` that are not the application's own.

/// The application panicked or called `abort`.
pub const ABORT: u8 = 134;
/// The application crossed a wall, or faulted otherwise.
pub const VIOLATION: u8 = 120;
/// The time limit of `--timeout` passed.
pub const TIMEOUT: u8 = 121;
/// The virtual machine did not start.
pub const NOT_STARTED: u8 = 122;
/// The kernel itself failed.
pub const KERNEL_FAILED: u8 = 123;
/// The command line was wrong.
pub const USAGE: u8 = 2;
/// Building, packing or verifying failed.
pub const BUILD_FAILED: u8 = 101;
