//! How a file is opened, in Linux' numbers.

use crate::object::flags::Access;

/// To be written, and not read.
const WRITE_ONLY: u32 = 1;
/// To be read and written.
const READ_WRITE: u32 = 2;
/// Make it.
pub const CREATE: u32 = 0o100;
/// Fail if it is there.
pub const EXCLUSIVE: u32 = 0o200;

/// The flags for an access.
pub const fn of(access: Access) -> u32 {
    match (access.read, access.write) {
        (true, true) => READ_WRITE,
        (false, true) => WRITE_ONLY,
        _ => 0,
    }
}
