//! The error code of a page fault (Intel SDM volume 3, section 4.7).

/// The page is mapped, and does not permit the access.
pub const PRESENT: u64 = 1 << 0;
/// It was a write.
pub const WRITE: u64 = 1 << 1;
/// It was ring 3.
pub const USER: u64 = 1 << 2;
/// It was the fetch of an instruction.
pub const FETCH: u64 = 1 << 4;
/// The protection key did not permit it.
pub const KEY: u64 = 1 << 5;
