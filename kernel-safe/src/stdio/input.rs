//! Reading standard input.
//!
//! The reader fetches from the device itself; a device's interrupt only wakes
//! it. Other threads run while it waits.

use gate::user::UserSlice;
use spin::Mutex;

use super::buffer::InputBuffer;
use crate::drivers::{self, DriverError};
use crate::errno::{Answer, Errno, count};
use crate::schedule::alarm::NEVER;
use crate::wait::Place;
use crate::wait::many::Source;

/// How much is fetched at once: it lies on the kernel's stack for a moment.
const FETCH: usize = 512;

static INPUT: Mutex<InputBuffer> = Mutex::new(InputBuffer::new());
static ARRIVAL: Place = Place::new();

/// Reads at most as many bytes as `target` has; zero at the end of the file.
///
/// # Errors
///
/// The target is not the application's, or the device failed.
pub fn read(target: UserSlice) -> Answer {
    target.check()?;
    loop {
        if let Some(read) = read_held(target)? {
            return count(read);
        }
        match ARRIVAL.wait(NEVER, has_nothing) {
            Ok(_) | Err(Errno::Again) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// What is woken when something comes in.
pub fn source() -> Source {
    Source {
        place: &ARRIVAL,
        number: 0,
    }
}

/// Whether a read would not wait.
///
/// # Errors
///
/// The device failed.
pub fn is_ready() -> Result<bool, Errno> {
    let mut input = INPUT.lock();
    fetch(&mut input)?;
    Ok(input.is_ready())
}

/// Whether everything that will ever come has come in.
pub fn has_ended() -> bool {
    INPUT.lock().has_ended()
}

/// Lets the readers look at what a device may have brought.
pub fn on_device() {
    ARRIVAL.wake(usize::MAX);
}

/// Reads what is held already; none if that is nothing.
fn read_held(target: UserSlice) -> Result<Option<usize>, Errno> {
    let mut input = INPUT.lock();
    if !input.is_ready() {
        return Ok(None);
    }
    let next = input.next();
    let bytes = next.get(..next.len().min(target.size())).unwrap_or(next);
    target.write(bytes)?;
    let read = bytes.len();
    input.consume(read);
    Ok(Some(read))
}

/// Agrees to wait if nothing has come in.
fn has_nothing() -> Result<(), Errno> {
    if is_ready()? {
        Err(Errno::Again)
    } else {
        Ok(())
    }
}

/// Fetches what the device holds, as far as there is room.
fn fetch(input: &mut InputBuffer) -> Result<(), Errno> {
    fetch_from(drivers::receive, input)
}

/// As [`fetch`], from a device that `receive` asks.
fn fetch_from(
    mut receive: impl FnMut(&mut [u8]) -> Result<usize, DriverError>,
    input: &mut InputBuffer,
) -> Result<(), Errno> {
    input.reserve()?;
    let mut wire = [0; FETCH];
    while input.room() > 0 && !input.has_ended() {
        let size = input.room().min(FETCH);
        let part = wire.get_mut(..size).ok_or(Errno::Invalid)?;
        let received = match receive(part) {
            Ok(received) => received,
            Err(DriverError::Absent) => {
                input.end();
                0
            }
            Err(DriverError::Failed) => return Err(Errno::Device),
        };
        input.take_in(part.get(..received).unwrap_or(part));
        // A driver that has more fills the buffer: one that brings byte by byte
        // would keep everybody waiting.
        // DEFENCE: input-short
        if received < size {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a driver is asked that brings `size` bytes of a long chunk
    /// each time, or as many as there is room for.
    fn asked(size: usize) -> usize {
        let mut asked = 0;
        let receive = |part: &mut [u8]| {
            asked += 1;
            part.fill(0x7f);
            Ok(size.min(part.len()))
        };
        let mut input = InputBuffer::new();
        assert_eq!(fetch_from(receive, &mut input), Ok(()));
        asked
    }

    #[test]
    fn a_driver_that_trickles_is_asked_once() {
        assert_eq!([asked(0), asked(1), asked(FETCH - 1)], [1; 3]);
        // The lengths of chunks need no room.
        let all = InputBuffer::CAPACITY / FETCH;
        assert!((all..all + 2).contains(&asked(usize::MAX)));
    }

    #[test]
    fn input_without_a_device_has_ended() {
        let mut input = InputBuffer::new();
        let fetched = fetch_from(|_| Err(DriverError::Absent), &mut input);
        assert_eq!((fetched, input.has_ended()), (Ok(()), true));
    }
}
