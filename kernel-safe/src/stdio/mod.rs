//! The standard streams.

pub mod arrivals;
pub mod framing;
pub mod input;
pub mod output;
pub mod rest;

use gate::user::UserSlice;

use self::rest::Rest;
use crate::drivers::{self, Console};
use crate::errno::{Answer, Errno};
use crate::object::source::Source;
use crate::object::{Description, Object, flags, poll_bits};

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

impl Stream {
    /// The flags that it begins with.
    pub const fn flags(self) -> u32 {
        match self {
            Stream::Input => flags::READ_ONLY,
            Stream::Output | Stream::Error => flags::WRITE_ONLY,
        }
    }

    /// Where what is written goes.
    const fn console(self) -> Option<Console> {
        match self {
            Stream::Input => None,
            Stream::Output => Some(Console::Main),
            Stream::Error => Some(Console::Error),
        }
    }
}

impl Object for Stream {
    /// Reads what has come in, one buffer after the other. Who has something does
    /// not wait for more.
    ///
    /// # Errors
    ///
    /// A buffer is not the application's, nothing is there and the caller does
    /// not wait, or the device failed.
    fn read(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        let has_more = |_| input::is_ready() == Ok(true);
        one_by_one(buffers, has_more, |target| match target.size() {
            0 => Ok(0),
            _ if !description.waits() && !input::is_ready()? => Err(Errno::Again),
            _ => input::read(target),
        })
    }

    /// Writes one buffer after the other, until that is much.
    ///
    /// # Errors
    ///
    /// The bytes are not the caller's.
    #[inline]
    fn write(&self, _: &Description, buffers: &[UserSlice]) -> Answer {
        let console = self.console().ok_or(Errno::BadDescriptor)?;
        let (mut rest, mut restarts) = (Rest::of(buffers)?, 0);
        while let Some(bytes) = rest.next() {
            let sent = drivers::send(console, bytes);
            match sent.or_else(|why| output::divert(why, bytes, &mut restarts)) {
                Ok(0) => output::pause(console),
                Ok(sent) => (rest, restarts) = (rest.after(sent), 0),
                Err(errno) => return rest.answer(Err(errno)),
            }
        }
        rest.answer(Ok(()))
    }

    fn events(&self) -> u32 {
        match self {
            Stream::Output | Stream::Error => poll_bits::OUTPUT,
            Stream::Input => match input::is_ready() {
                Ok(true) if input::has_ended() => poll_bits::INPUT | poll_bits::HANG_UP,
                Ok(true) => poll_bits::INPUT,
                Ok(false) => 0,
                Err(_) => poll_bits::ERROR,
            },
        }
    }

    fn source(&self) -> Option<Source> {
        (*self == Stream::Input).then(input::source)
    }

    fn is_device(&self) -> bool {
        true
    }
}

/// Transfers buffer after buffer, until one is not done in full, or `goes_on`
/// says of the bytes so far that they are enough.
fn one_by_one(
    buffers: &[UserSlice],
    goes_on: impl Fn(i64) -> bool,
    one: impl Fn(UserSlice) -> Answer,
) -> Answer {
    let mut total: i64 = 0;
    for buffer in buffers {
        if total > 0 && !goes_on(total) {
            break;
        }
        match one(*buffer) {
            Ok(done) => {
                total = total.saturating_add(done);
                if usize::try_from(done).ok() != Some(buffer.size()) {
                    break;
                }
            }
            Err(errno) if total == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_only_before_the_first_byte() {
        let (good, bad) = (UserSlice::new(0, 3), UserSlice::new(0, 4));
        let one = |buffer: UserSlice| match buffer.size() {
            3 => Ok(3),
            _ => Err(Errno::BadAddress),
        };
        let all = |buffers: &[UserSlice]| one_by_one(buffers, |_| true, one);
        assert_eq!(all(&[good, bad]), Ok(3));
        assert_eq!(all(&[bad, good]), Err(Errno::BadAddress));
    }

    /// What is behind a gap would be taken for what belongs into it.
    #[test]
    fn a_buffer_that_is_not_done_in_full_is_the_last() {
        let buffers = [2, 3, 2].map(|size| UserSlice::new(0, size));
        let one = |buffer: UserSlice| Ok(buffer.size().min(2) as i64);
        assert_eq!(one_by_one(&buffers, |_| true, one), Ok(4));
    }

    #[test]
    fn a_stream_is_not_asked_for_more_than_is_enough() {
        let buffer = UserSlice::new(0, 3);
        let one = |buffer: UserSlice| Ok(buffer.size() as i64);
        let bytes = |most| one_by_one(&[buffer; 4], |total| total < most, one);
        assert_eq!((bytes(1), bytes(4), bytes(100)), (Ok(3), Ok(6), Ok(12)));
    }
}
