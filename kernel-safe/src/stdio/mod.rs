//! The standard streams.

pub mod arrivals;
pub mod framing;
pub mod input;
pub mod output;

use core::sync::atomic::{AtomicU32, Ordering};

use gate::user::UserSlice;

use crate::descriptors::poll_bits;
use crate::drivers::Console;
use crate::errno::{Answer, Errno};
use crate::files::flags;
use crate::wait::many::Source;

pub use output::WRITE_MAX;

/// A standard stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// The flags of each stream that can be changed.
static FLAGS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Writes the application's bytes; how many.
///
/// # Errors
///
/// The stream is not for writing, or the bytes are not the caller's.
#[inline]
pub fn write(stream: Stream, bytes: UserSlice) -> Answer {
    let console = match stream {
        Stream::Input => return Err(Errno::BadDescriptor),
        Stream::Output => Console::Main,
        Stream::Error => Console::Error,
    };
    if bytes.size() == 0 {
        return Ok(0);
    }
    output::write(console, bytes)
}

/// Reads at most as many bytes as `target` has; zero at the end of the file.
///
/// # Errors
///
/// The stream is not for reading, the bytes are not the caller's, nothing is
/// there and the caller does not wait, or the device failed.
pub fn read(stream: Stream, target: UserSlice) -> Answer {
    match stream {
        Stream::Input if target.size() == 0 => Ok(0),
        Stream::Input if flags(stream) & flags::NONBLOCK != 0 && !input::is_ready()? => {
            Err(Errno::Again)
        }
        Stream::Input => input::read(target),
        Stream::Output | Stream::Error => Err(Errno::BadDescriptor),
    }
}

/// What is woken when standard input has something.
pub fn source() -> Source {
    input::source()
}

/// The events that a stream has.
pub fn poll(stream: Stream) -> u32 {
    match stream {
        Stream::Output | Stream::Error => poll_bits::OUTPUT,
        Stream::Input => match input::is_ready() {
            Ok(true) if input::has_ended() => poll_bits::INPUT | poll_bits::HANG_UP,
            Ok(true) => poll_bits::INPUT,
            Ok(false) => 0,
            Err(_) => poll_bits::ERROR,
        },
    }
}

/// The flags of a stream.
pub fn flags(stream: Stream) -> u32 {
    let access = match stream {
        Stream::Input => flags::READ_ONLY,
        Stream::Output | Stream::Error => flags::WRITE_ONLY,
    };
    access | changeable(stream).load(Ordering::Relaxed)
}

/// Sets the flags of a stream that can be changed.
pub fn set_flags(stream: Stream, flags: u32) {
    changeable(stream).store(flags, Ordering::Relaxed);
}

fn changeable(stream: Stream) -> &'static AtomicU32 {
    let [input, output, error] = &FLAGS;
    match stream {
        Stream::Input => input,
        Stream::Output => output,
        Stream::Error => error,
    }
}
