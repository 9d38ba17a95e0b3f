//! The standard streams, by descriptor.

pub mod buffer;
pub mod descriptors;
pub mod framing;
pub mod input;
pub mod output;

use gate::user::UserSlice;
use spin::Mutex;

use self::descriptors::{Descriptors, Stream};
use crate::drivers::Console;
use crate::errno::{Answer, Errno};

/// Bits of poll, as Hermit's ABI numbers them.
mod poll_bits {
    pub(super) const INPUT: u32 = 0x01 | 0x40;
    pub(super) const OUTPUT: u32 = 0x04 | 0x100;
    pub(super) const ERROR: u32 = 0x08;
}

static DESCRIPTORS: Mutex<Descriptors> = Mutex::new(Descriptors::new());

/// Writes the application's `size` bytes at `address`; how many.
///
/// # Errors
///
/// The descriptor is not open for writing, or the bytes are not the caller's.
pub fn write(descriptor: i32, address: usize, size: usize) -> Answer {
    let console = match stream(descriptor)? {
        Stream::Input => return Err(Errno::BadDescriptor),
        Stream::Output => Console::Main,
        Stream::Error => Console::Error,
    };
    if size == 0 {
        return Ok(0);
    }
    output::write(console, UserSlice::new(address, size))
}

/// Reads at most `size` bytes to `address`; zero at the end of the file.
///
/// # Errors
///
/// The descriptor is not open for reading, the bytes are not the caller's, or
/// the device failed.
pub fn read(descriptor: i32, address: usize, size: usize) -> Answer {
    match stream(descriptor)? {
        Stream::Input if size == 0 => Ok(0),
        Stream::Input => input::read(UserSlice::new(address, size)),
        Stream::Output | Stream::Error => Err(Errno::BadDescriptor),
    }
}

/// Closes a descriptor.
///
/// # Errors
///
/// It is not open.
pub fn close(descriptor: i32) -> Answer {
    DESCRIPTORS.lock().close(descriptor).map(|()| 0)
}

/// Duplicates a descriptor; the new one.
///
/// # Errors
///
/// It is not open, or none is free.
pub fn duplicate(descriptor: i32) -> Answer {
    DESCRIPTORS.lock().duplicate(descriptor).map(i64::from)
}

/// What a descriptor is: 0, a character device.
///
/// # Errors
///
/// It is not open.
pub fn describe(descriptor: i32) -> Answer {
    stream(descriptor).map(|_| 0)
}

/// Which of `events` a descriptor has.
///
/// # Errors
///
/// It is not open.
pub fn poll(descriptor: i32, events: u32) -> Answer {
    let has = match stream(descriptor)? {
        Stream::Output | Stream::Error => poll_bits::OUTPUT,
        Stream::Input => match input::is_ready() {
            Ok(true) => poll_bits::INPUT,
            Ok(false) => 0,
            Err(_) => poll_bits::ERROR,
        },
    };
    // An error is told whether it was asked for or not.
    Ok(i64::from(has & (events | poll_bits::ERROR)))
}

fn stream(descriptor: i32) -> Result<Stream, Errno> {
    DESCRIPTORS.lock().get(descriptor)
}
