//! What is known of something open, in the form that the application reads.

pub use domains::files::Status;
use domains::files::mode;
use gate::user::UserSlice;
use zerocopy::IntoBytes;

use crate::errno::Answer;

/// The best size of a transfer.
pub const BLOCK_SIZE: i64 = 4096;

/// Of what is no file: a character device that all may read and write.
pub fn of_device() -> Status {
    Status {
        links: 1,
        mode: mode::DEVICE | 0o666,
        block_size: BLOCK_SIZE,
        ..Status::default()
    }
}

/// Copies `status` to the application's `address`.
///
/// # Errors
///
/// The address is not the caller's.
pub fn tell(status: &Status, address: usize) -> Answer {
    UserSlice::new(address, size_of::<Status>()).write(status.as_bytes())?;
    Ok(0)
}
